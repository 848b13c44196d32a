import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { afterEach, expect, test, vi } from 'vitest';
import { createKinesisClient } from '../../../shared/adapters/kinesis-client.ts';

afterEach(() => vi.unstubAllEnvs());

test('the client of Kinesis speaks HTTP/1.1 and keeps its connection', async () => {
  const ports = new Set<number | undefined>();
  const server = createServer((request, response) => {
    ports.add(request.socket.remotePort);
    response.end('{"StreamNames":["events"],"HasMoreStreams":false}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const client = createKinesisClient();
  try {
    for (const _ of [1, 2]) {
      expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual(['events']);
    }
    expect(ports.size).toBe(1);
  } finally {
    client.destroy();
    server.close();
  }
});
