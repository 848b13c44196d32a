import type { DeepPartial } from '../lib/choose-settings.ts';
import type { StageSettings } from '../lib/stage-settings.ts';
import type { DeliveredMessage, OutboxMessage } from './aws/outbox.ts';
import type { RuntimeCounters } from './counters.ts';
import type { FunctionError, InvocationResult } from './lambda/protocol.ts';
import type { ExecutionRecord } from './step-functions/execution-record.ts';

/** A Stripe to pay with, in place of the sandbox: a test account of one's own, or a double behind a port. */
export interface LocalStripe {
  readonly secretKey: string;
  readonly webhookSecrets: readonly string[];
  /** Another host than Stripe's own, e.g. `http://127.0.0.1:12111`. */
  readonly apiUrl?: string | undefined;
}

/** Makes one Lambda invocation fail, instead of running it or after it has done its work. */
export interface InjectedFailure {
  readonly when: 'before' | 'after';
  readonly error: FunctionError;
}

/** Asked before each invocation; `functionName` is the folder's name in `lambdas/`. */
export type FailureHook = (call: {
  readonly functionName: string;
  readonly event: unknown;
}) => InjectedFailure | undefined | Promise<InjectedFailure | undefined>;

export interface LocalRuntimeOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Keeps tables, tenant and checkout runs between starts; without it everything is in memory. */
  readonly dataDir?: string | undefined;
  /** Demo products and profiles. The three users exist either way. */
  readonly seed: boolean;
  /** Overrides of the `dev` stage's settings. */
  readonly settings?: DeepPartial<StageSettings> | undefined;
  /** Given, the stage pays with Stripe. */
  readonly stripe?: LocalStripe | undefined;
  /** Replaces TimeoutSeconds of the named states: tests need waits far below what a stage may set. */
  readonly stateTimeoutSeconds?: Readonly<Record<string, number>> | undefined;
  /** Multiplies the waits between retries of the state machine; 1 is as on AWS. */
  readonly retryIntervalScale?: number | undefined;
  readonly failures?: FailureHook | undefined;
  /** Puts a counting proxy before the DynamoDB engine. */
  readonly countDynamoDb?: boolean | undefined;
  /** Loads every Lambda once the runtime is ready, instead of each at its first use. Default: true. */
  readonly prewarm?: boolean | undefined;
  /** Gets the Lambdas' log lines. Default: they are dropped. */
  readonly onLambdaLog?: ((functionName: string, text: string) => void) | undefined;
  /** Gets a line for each step of the start that takes a while. Default: silence. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** A running stack. */
export interface LocalRuntime {
  readonly url: string;
  readonly port: number;
  readonly awsEndpoint: string;
  readonly dynamodbEndpoint: string;
  /** Physical table names by the environment variable that carries them, e.g. `USERS_TABLE`. */
  readonly tables: Readonly<Record<string, string>>;
  readonly stateMachineArn: string;
  /** Sent notifications, oldest first. */
  outbox(): readonly OutboxMessage[];
  /** Mails, text messages and push messages that were sent, oldest first; the oldest are dropped after some thousands. */
  delivered(): readonly DeliveredMessage[];
  /** Every run of the state machines, oldest first. */
  executions(): readonly ExecutionRecord[];
  /** Records of a Kinesis stream, oldest first; the oldest are dropped after some thousands. */
  streamRecords(): readonly {
    readonly stream: string;
    readonly partitionKey: string;
    readonly data: string;
  }[];
  /** Messages in an SQS queue, by queue name or URL. */
  queueMessages(queue: string): readonly string[];
  invoke(functionName: string, event: unknown): Promise<InvocationResult>;
  readonly counters: RuntimeCounters;
  /** Resolves when every Lambda is loaded. */
  warmed(): Promise<void>;
  stop(): Promise<void>;
}
