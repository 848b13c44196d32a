import { KinesisClient, PutRecordCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAwsHandler } from '../../../local/aws/endpoint.ts';
import { simpleOperations } from '../../../local/aws/json-services.ts';
import { type AwsServer, startAwsServer } from '../../../local/aws/server.ts';
import { stepFunctionsOperations } from '../../../local/aws/states.ts';
import { Stores } from '../../../local/aws/stores.ts';
import { StepFunctionsEngine } from '../../../local/step-functions/engine.ts';

const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';
const topicArn = 'arn:aws:sns:us-east-1:000000000000:orders';
const definition = JSON.stringify({
  StartAt: 'Wait',
  States: {
    Wait: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Parameters: { FunctionName: 'fn', Payload: { 'token.$': '$$.Task.Token' } },
      End: true,
    },
  },
});

let server: AwsServer;
let stores: Stores;
let calls: string[];
let token = '';
let config: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
};
let sfn: SFNClient;

beforeAll(async () => {
  stores = new Stores();
  calls = [];
  const engine = new StepFunctionsEngine(
    [{ name: 'm', arn: stateMachineArn, definition }],
    { retryIntervalScale: 1, stateTimeoutSeconds: {} },
    {
      invoke: async (_, event) => {
        token = (event as { token: string }).token;
        return { ok: true, payload: null };
      },
      sendToQueue: (queue, body) => stores.send(queue, body),
    },
  );
  server = await startAwsServer();
  server.serve(
    createAwsHandler({
      operations: {
        ...simpleOperations({
          stores,
          streamNames: ['clicks'],
          secrets: new Map([['arn:secret', '{"a":1}']]),
        }),
        ...stepFunctionsOperations(engine),
      },
      stores,
      topicArns: [topicArn],
      onCall: (operation) => calls.push(operation),
    }),
  );
  config = {
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  sfn = new SFNClient({ ...config, maxAttempts: 1 });
});
afterAll(() => server.stop());
beforeEach(() => {
  token = '';
});

const given = async (): Promise<string> => {
  while (token === '') await new Promise((resolve) => setTimeout(resolve, 2));
  return token;
};
const start = async (name: string, input = '{}') =>
  sfn.send(new StartExecutionCommand({ stateMachineArn, name, input }));
const described = async (executionArn = '') => {
  for (;;) {
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') return execution;
  }
};

describe('SNS', () => {
  it('puts a message with its attributes into the outbox', async () => {
    const sns = new SNSClient(config);
    const { MessageId } = await sns.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: 'Grüße',
        Message: 'a & b = <c>',
        MessageAttributes: {
          channel: { DataType: 'String', StringValue: 'email' },
          type: { DataType: 'String', StringValue: 'order_paid' },
        },
      }),
    );
    expect(stores.outbox.at(-1)).toMatchObject({
      id: MessageId,
      topic: 'orders',
      subject: 'Grüße',
      message: 'a & b = <c>',
      attributes: { channel: 'email', type: 'order_paid' },
    });
  });

  it('knows only topics that exist', async () => {
    const sns = new SNSClient({ ...config, maxAttempts: 1 });
    const publish = sns.send(new PublishCommand({ TopicArn: `${topicArn}-not`, Message: 'x' }));
    await expect(publish).rejects.toMatchObject({ name: 'NotFoundException' });
  });
});

describe('Kinesis', () => {
  it('keeps records, one by one and in batches, over HTTP/2', async () => {
    const kinesis = new KinesisClient(config);
    const record = (text: string) => ({ Data: Buffer.from(text), PartitionKey: 'p' });
    await kinesis.send(new PutRecordCommand({ StreamName: 'clicks', ...record('{"n":1}') }));
    const batch = await kinesis.send(
      new PutRecordsCommand({ StreamName: 'clicks', Records: [record('{"n":2}'), record('{"n":3}')] }),
    );
    expect(batch.FailedRecordCount).toBe(0);
    expect(stores.streamRecords.map(({ data }) => data)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    await expect(
      kinesis.send(new PutRecordCommand({ StreamName: 'other', ...record('') })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    kinesis.destroy();
  });
});

describe('Secrets Manager', () => {
  it('tells the secret of an ARN', async () => {
    const secrets = new SecretsManagerClient(config);
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'arn:secret' }))).SecretString).toBe(
      '{"a":1}',
    );
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'none' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('Step Functions', () => {
  it('starts by name, resumes by token, and tells the history in pages', async () => {
    const { executionArn, startDate } = await start('first');
    expect(startDate).toBeInstanceOf(Date);
    expect((await start('first')).executionArn).toBe(executionArn);
    await sfn.send(new SendTaskSuccessCommand({ taskToken: await given(), output: '{"done":true}' }));
    expect(await described(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"done":true}',
      name: 'first',
    });
    await expect(start('first')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });

    const types: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 3, nextToken }));
      types.push(...(page.events ?? []).map(({ type }) => type));
      expect(page.events?.length).toBeLessThanOrEqual(3);
      nextToken = page.nextToken;
    } while (nextToken);
    expect(types).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    const reversed = await sfn.send(new GetExecutionHistoryCommand({ executionArn, reverseOrder: true }));
    expect(reversed.events?.[0]).toMatchObject({
      type: 'ExecutionSucceeded',
      id: 8,
      timestamp: expect.any(Date),
    });
    const entered = reversed.events?.find(({ type }) => type === 'TaskStateEntered');
    expect(entered?.stateEnteredEventDetails).toEqual({ name: 'Wait', input: '{}' });
    const bare = await sfn.send(
      new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false }),
    );
    expect(bare.events?.[1]?.stateEnteredEventDetails).toEqual({ name: 'Wait' });
  });

  it('fails a waiting task by token, and takes no token twice', async () => {
    const { executionArn } = await start('second');
    const taskToken = await given();
    await sfn.send(new SendTaskFailureCommand({ taskToken, error: 'Refused', cause: 'no' }));
    expect(await described(executionArn)).toMatchObject({ status: 'FAILED', error: 'Refused', cause: 'no' });
    const again = sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    await expect(again).rejects.toMatchObject({ name: 'TaskTimedOut' });
    const rubbish = sfn.send(new SendTaskSuccessCommand({ taskToken: 'rubbish', output: '{}' }));
    await expect(rubbish).rejects.toMatchObject({ name: 'InvalidToken' });
  });

  it('stops an execution, and lists by status', async () => {
    const { executionArn } = await start('third');
    await given();
    await sfn.send(new StopExecutionCommand({ executionArn, error: 'Enough' }));
    expect((await described(executionArn)).status).toBe('ABORTED');
    const list = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'ABORTED' }));
    expect(list.executions).toMatchObject([{ name: 'third' }]);
    const missing = sfn.send(new DescribeExecutionCommand({ executionArn: `${executionArn}x` }));
    await expect(missing).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  });

  it('names an operation that it does not know', async () => {
    await expect(sfn.send(new ListStateMachinesCommand({}))).rejects.toThrow(
      'AWSStepFunctions.ListStateMachines',
    );
  });

  it('counts what it was asked', () => {
    expect(calls).toContain('AWSStepFunctions.StartExecution');
    expect(calls).toContain('Kinesis.PutRecord');
    expect(calls).toContain('SNS.Publish');
  });
});
