import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, test, vi } from 'vitest';
import { createPace } from '../../../operations/support/pace.ts';
import { createPatientWorkflowClient } from '../../../operations/support/workflow-client.ts';

test('calls go at once up to the burst, and then no faster than the pace', async () => {
  let now = 0;
  const effects = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const pace = createPace({ burst: 3, perSecond: 5 }, effects);
  const times: number[] = [];
  for (let call = 0; call < 6; call += 1) {
    await pace();
    times.push(now);
  }
  expect(times).toEqual([0, 0, 0, 200, 400, 600]);
  now = 60_000;
  for (let call = 0; call < 4; call += 1) await pace();
  expect(now).toBe(60_200);
});

test('a command outlasts a throttle that the SDK alone would give up on', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.statusCode = requests <= 5 ? 400 : 200;
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify(requests <= 5 ? { __type: 'ThrottlingException' } : { status: 'RUNNING' }));
  });
  await new Promise<void>((resolve) => void server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const endpoint = `http://localhost:${port}`;
  const client = createPatientWorkflowClient({ region: 'us-east-1', endpoint, credentials });
  const { status } = await client.send(new DescribeExecutionCommand({ executionArn: 'arn:aws:x' }));
  expect([status, requests]).toEqual(['RUNNING', 6]);
  client.destroy();
  server.close();
  vi.restoreAllMocks();
});
