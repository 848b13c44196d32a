import { createHash, createHmac } from 'node:crypto';
import { credentials, region } from './emulator.ts';

export interface AwsRequest {
  /** As it stands in a signature's scope, e.g. `lambda`. */
  readonly service: string;
  readonly method?: 'GET' | 'POST';
  /** With its query, if it has one; its names and values need no escaping. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * One signed call of AWS's wire format, answered as text: for services whose SDK client the project does not have.
 * @throws Error with status and answer when the service refuses
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export async function callAws(endpoint: string, request: AwsRequest): Promise<string> {
  const { service, method = 'POST', path = '/', body = '' } = request;
  const url = new URL(path, endpoint);
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    'x-amz-content-sha256': sha256(body),
    'x-amz-date': date,
  };
  const names = Object.keys(headers).sort();
  const signed = names.join(';');
  const canonical = [
    method,
    url.pathname,
    [...url.searchParams]
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    signed,
    sha256(body),
  ].join('\n');
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = [date.slice(0, 8), region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString(
    'hex',
  );
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
  const { host: _, ...sent } = headers;
  const response = await fetch(url, {
    method,
    headers: { ...sent, authorization },
    ...(method === 'POST' ? { body } : {}),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return text;
}

/** A call of a service that speaks JSON with a target header. */
export function jsonCall(service: string, target: string, input: object, version = '1.1'): AwsRequest {
  const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
  return { service, headers, body: JSON.stringify(input) };
}

/** A call of a service that takes a form and answers XML. */
export function queryCall(service: string, action: string, version: string): AwsRequest {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { service, headers, body: `Action=${action}&Version=${version}` };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
