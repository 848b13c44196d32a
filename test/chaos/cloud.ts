import { aboutItems, aboutService, type Command, operationOf } from './about.ts';
import { createMemoryDynamo, type Item, type MemoryDynamo } from './aws/memory-dynamo.ts';
import { dynamoFailure, serviceFailure } from './aws-failures.ts';
import type { ModuleSource } from './code.ts';
import type { Service } from './faults.ts';
import type { Violation } from './invariants/violations.ts';
import type { Invocation, Kernel } from './kernel.ts';
import { createRng } from './random.ts';
import type { Stage } from './stage.ts';
import { type StreamRecord, toRecord } from './stream-record.ts';
import { uuidOf } from './surroundings.ts';
import { createWatch } from './watch.ts';

type Input = Readonly<Record<string, unknown>>;

export interface Published {
  readonly topic: string;
  readonly at: number;
  /** The Lambda's run that has sent it. */
  readonly sender: Invocation | undefined;
  readonly message: Readonly<Record<string, unknown>>;
}

export interface Cloud {
  readonly dynamo: MemoryDynamo;
  readonly published: Published[];
  /** Rules of every moment that did not hold. */
  readonly broken: readonly Violation[];
  readonly tracked: Readonly<Record<string, unknown>>[];
  /** Told of every change of a table that has a stream. Whoever delivers the streams puts itself here. */
  onRecord: (table: string, record: StreamRecord) => void;
  /** Gives the Lambdas' `require` the clients that end here. */
  readonly modules: ModuleSource;
  /** Set once Step Functions is there. */
  workflows:
    | { send(operation: string, input: Input): unknown; hasEntered(orderId: string, state: string): boolean }
    | undefined;
}

const isWrite = /Write|Put|Update|Delete/;

const quietLogger = {
  appendKeys() {},
  resetKeys() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};

const quietMetrics = {
  addDimensions() {},
  addMetadata() {},
  addMetric() {},
  publishStoredMetrics() {},
};

/** AWS as far as the Lambdas call it: the SDK's clients are cut at `send`, and each command is a call of a port. */
export function createCloud(
  kernel: Kernel,
  stage: Stage,
  seed: number,
  own: Readonly<Record<string, unknown>>,
): Cloud {
  const rng = createRng(seed, 'uuid');
  const published: Published[] = [];
  const tracked: Readonly<Record<string, unknown>>[] = [];
  const dynamo = createMemoryDynamo(stage.deployment.tables, {
    now: () => kernel.clock.now,
    onChange: (change) => cloud.onRecord(change.table, toRecord(change, kernel.clock.now)),
  });

  const watch = createWatch({
    orders: stage.table('ORDERS_TABLE'),
    inventory: stage.table('INVENTORY_TABLE'),
    peek: (table, key) => dynamo.peek(table, key as Item),
    hasGivenUp: (orderId) => cloud.workflows?.hasEntered(orderId, 'MarkInventoryForRepair') ?? false,
  });

  const perform: Readonly<Record<string, (operation: string, input: Input, sender?: Invocation) => unknown>> =
    {
      states: (operation, input) => cloud.workflows?.send(operation, input),
      sns(_operation, { TopicArn, Message }, sender) {
        const message = JSON.parse(String(Message));
        published.push({ topic: String(TopicArn), at: kernel.clock.now, sender, message });
        return { MessageId: String(published.length) };
      },
      kinesis(operation, input) {
        const records = operation === 'PutRecords' ? (input.Records as Input[]) : [input];
        for (const { Data } of records) tracked.push(JSON.parse(Buffer.from(Data as Uint8Array).toString()));
        return {
          SequenceNumber: String(tracked.length),
          FailedRecordCount: 0,
          Records: records.map(() => ({})),
        };
      },
      secrets(_operation, { SecretId }) {
        return { SecretString: JSON.stringify(secretOf(String(SecretId))) };
      },
    };

  const clientOf = (service: Service) =>
    class {
      send(command: Command): Promise<unknown> {
        const operation = operationOf(command);
        const sender = kernel.running.getStore();
        return kernel.call({
          service,
          operation,
          about: aboutService(command.input),
          perform: () => perform[service]?.(operation, command.input, sender),
          failure: (kind) => {
            throw serviceFailure(kind, kernel.rng);
          },
        });
      }
      destroy(): void {}
    };
  const documents = {
    send(command: Command): Promise<unknown> {
      const operation = operationOf(command);
      return kernel.call({
        service: 'dynamodb',
        operation,
        about: aboutItems(command.input),
        perform() {
          const answer = known(() => dynamo.send(command), kernel);
          if (isWrite.test(operation)) watch.wrote(command.input);
          return answer;
        },
        failure: (kind) => {
          throw dynamoFailure(operation, command.input, kind, kernel.rng);
        },
      });
    },
    destroy(): void {},
  };

  const chance = {
    randomUUID: () => uuidOf(rng),
    randomBytes: (size: number) => Buffer.from(rng.bytes(size)),
  };
  const replaced: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    '@aws-sdk/client-dynamodb': { DynamoDBClient: class {} },
    '@aws-sdk/lib-dynamodb': { DynamoDBDocumentClient: { from: () => documents } },
    '@aws-sdk/client-sfn': { SFNClient: clientOf('states') },
    '@aws-sdk/client-sns': { SNSClient: clientOf('sns') },
    '@aws-sdk/client-kinesis': { KinesisClient: clientOf('kinesis') },
    '@aws-sdk/client-secrets-manager': { SecretsManagerClient: clientOf('secrets') },
    '@aws-lambda-powertools/logger': {
      Logger: class {
        constructor() {
          Object.assign(this, quietLogger);
        }
      },
    },
    '@aws-lambda-powertools/tracer': {
      Tracer: class {
        isTracingEnabled = () => false;
      },
    },
    '@aws-lambda-powertools/metrics': {
      Metrics: class {
        constructor() {
          Object.assign(this, quietMetrics);
        }
      },
    },
    'node:crypto': chance,
    crypto: chance,
  };
  const given = new Map<string, unknown>();
  const cloud: Cloud = {
    dynamo,
    published,
    broken: watch.found,
    tracked,
    onRecord: () => undefined,
    workflows: undefined,
    modules(name, actual) {
      if (Object.hasOwn(own, name)) return own[name];
      const ours = replaced[name];
      if (!ours) return actual(name);
      const known = given.get(name) ?? (isWhole(name) ? ours : overlaid(actual(name), ours));
      given.set(name, known);
      return known;
    },
  };
  return cloud;
}

/** X-Ray's package, behind the tracer, watches every promise of the process for its destruction. It stays out. */
function isWhole(name: string): boolean {
  return name === '@aws-lambda-powertools/tracer';
}

function overlaid(module: unknown, ours: Readonly<Record<string, unknown>>): unknown {
  return Object.create(module as object, Object.getOwnPropertyDescriptors(ours));
}

/** What the store does not know ends the run: it must not look like a fault that the Lambda got over. */
function known<T>(work: () => T, kernel: Kernel): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('The DynamoDB of this process'))
      kernel.break(error);
    throw error;
  }
}

/** The secrets that the Lambdas read, by a part of their ARN. */
function secretOf(arn: string): unknown {
  if (/captcha/i.test(arn)) return { secret: 'captcha' };
  if (/mfa/i.test(arn)) return { key: 'k'.repeat(32) };
  if (/stripe/i.test(arn)) return { secretKey: 'sk_test_simulation', webhookSecrets: ['whsec_double'] };
  return { clientId: 'client', clientSecret: 'secret' };
}
