import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clientDefaults } from '../../../shared/adapters/aws-client.ts';
import { createKinesisClient } from '../../../shared/adapters/kinesis-client.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Runs a body against a server of AWS's that does as told. */
async function against(listener: RequestListener, body: (endpoint: string) => Promise<void>) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const silent = () => undefined;

describe('a service that never answers', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is given up and asked again, three times in all, and then is a fault', async () => {
    await against(silent, async (endpoint) => {
      const client = new DynamoDBClient({
        ...clientDefaults,
        requestHandler: { ...clientDefaults.requestHandler, requestTimeout: 50 },
        endpoint,
        region: 'us-east-1',
        credentials,
      });
      const asked = client.send(new GetItemCommand({ TableName: 'Orders', Key: { pk: { S: '1' } } }));
      await expect(asked).rejects.toMatchObject({ name: 'TimeoutError', $metadata: { attempts: 3 } });
      client.destroy();
    });
  });

  it('is so for Kinesis, too, whose client has a handler of its own', async () => {
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    await against(silent, async (endpoint) => {
      vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
      const client = createKinesisClient({ requestTimeout: 50 });
      await expect(client.send(new ListStreamsCommand({}))).rejects.toMatchObject({ name: 'TimeoutError' });
      client.destroy();
    });
  });
});
