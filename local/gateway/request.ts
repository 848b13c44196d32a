import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** API Gateway takes no body beyond 10 MB. */
export const largestBodyBytes = 10 * 1024 * 1024;

/** An HTTP request as the gateway works on it. */
export interface GatewayRequest {
  readonly requestId: string;
  readonly receivedAt: Date;
  readonly httpMethod: string;
  /** As the client sent it, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** In the client's spelling; the last value of each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, string[]>>;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly body: string | null;
}

export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

/** The gateway's view of a request before its body is read. */
export function readHead(incoming: IncomingMessage): Omit<GatewayRequest, 'body'> {
  const [path = '/', ...query] = (incoming.url ?? '/').split('?');
  const named: [string, string][] = [];
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index] ?? '';
    if (isCloudFronts(name)) continue;
    named.push([name, incoming.rawHeaders[index + 1] ?? '']);
  }
  const multiValueHeaders = multiValued(named);
  return {
    requestId: randomUUID(),
    receivedAt: new Date(),
    httpMethod: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query.join('?')),
    headers: lastValues(multiValueHeaders),
    multiValueHeaders,
    sourceIp: sourceIpOf(incoming),
    userAgent: incoming.headers['user-agent'] ?? '',
  };
}

/** @throws BodyTooLargeError beyond what API Gateway takes */
export async function readBody(incoming: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > largestBodyBytes) throw new BodyTooLargeError();
    chunks.push(bytes);
  }
  return size === 0 ? null : Buffer.concat(chunks).toString('utf8');
}

/** All values of each name, whatever the names: clients may send `__proto__` too. */
export function multiValued(pairs: Iterable<[string, string]>): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

export function lastValues(multi: Readonly<Record<string, string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(multi).map(([name, values]) => [name, values.at(-1) ?? '']));
}

/** CloudFront overwrites a client's own headers of this name; here is no CloudFront, so there are none. */
function isCloudFronts(name: string): boolean {
  return /^cloudfront-/i.test(name);
}

/** AWS never believes X-Forwarded-For; here it lets one machine try several client addresses. */
function sourceIpOf(incoming: IncomingMessage): string {
  const forwarded = incoming.headers['x-forwarded-for'];
  const first = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0]?.trim();
  const address = first || (incoming.socket.remoteAddress ?? '127.0.0.1');
  return address.replace(/^::ffff:/, '').replace(/^::1$/, '127.0.0.1');
}
