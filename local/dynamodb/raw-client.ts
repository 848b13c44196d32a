const credentials = 'Credential=local/20200101/us-east-1/dynamodb/aws4_request';

/** Headers that a local engine wants to see; none checks the signature. */
export const engineHeaders = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20200101T000000Z',
  authorization: `AWS4-HMAC-SHA256 ${credentials}, SignedHeaders=host, Signature=local`,
};

/** Calls a DynamoDB operation by its wire format: enough to make tables, without loading the SDK. */
export function callDynamoDb(endpoint: string, operation: string, input: object): Promise<unknown> {
  return call(endpoint, 'DynamoDB', operation, input);
}

/** Calls an operation of DynamoDB Streams, which engines serve on the same port. */
export function callStreams(endpoint: string, operation: string, input: object): Promise<unknown> {
  return call(endpoint, 'DynamoDBStreams', operation, input);
}

async function call(endpoint: string, service: string, operation: string, input: object): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...engineHeaders, 'x-amz-target': `${service}_20120810.${operation}` },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} ${operation}: ${response.status} ${text}`);
  return JSON.parse(text);
}
