import { join } from 'node:path';
import { Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  ApplicationLogLevel,
  Architecture,
  Code,
  type IFunction,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { bundlesFolder, bundlesFolderContext } from '../bundle.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { GradualDeployment } from './gradual-deployment.ts';
import { ServiceLogGroup } from './service-log-group.ts';
import { type IndexName, type TableKey, tableKeys } from './tables.ts';

/**
 * What a Lambda may do with a table: transactions are allowed by the actions they are made of, and `Query` is
 * of the table itself, `Query:<index>` of one index.
 */
type TableAction =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | `Query:${IndexName}`
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem';

export type TableAccess = Readonly<Partial<Record<TableKey, readonly TableAction[]>>>;

export interface ServiceFunctionProps {
  /** Folder in `lambdas/`, and the service's name in logs and traces. */
  readonly name: string;
  readonly description: string;
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly timeoutSeconds: number;
  readonly tables?: TableAccess;
  /** Added to the defaults; on a clash the caller's value wins. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The alias that everything calls: the version in service. */
export const liveAlias = 'live';

/**
 * A Lambda as this service runs them: arm64, Node 24, traced, with a log group of its own and a role that can
 * do nothing but what is granted. Naming a table grants the actions and tells the Lambda the table's name, so
 * that rights and environment cannot drift apart.
 */
export class ServiceFunction extends Construct {
  /** To be configured. Callers call `live`, or a deployment would reach them all at once. */
  readonly function: LambdaFunction;
  readonly live: IFunction;
  readonly role: Role;
  private readonly data: DataStack;
  private readonly keyUsers = new Set<string>();

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { settings, data, name } = props;
    this.data = data;
    const { logGroup } = new ServiceLogGroup(this, 'Logs', { settings, key: data.key });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]);
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(join(this.node.tryGetContext(bundlesFolderContext) ?? bundlesFolder, name)),
      handler: 'handler.handler',
      role: this.role,
      memorySize: settings.lambda.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      ...reservation(settings, name),
      // Former versions stay where data does, so that an operator can point the alias back within seconds. Not that of
      // a deployment which was rolled back: Lambda publishes no second version of the same code.
      currentVersionOptions: {
        removalPolicy: settings.protectData
          ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
          : RemovalPolicy.DESTROY,
      },
      tracing: Tracing.ACTIVE,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel[settings.logLevel],
      systemLogLevelV2: SystemLogLevel.WARN,
      environment: {
        STAGE: settings.stage,
        POWERTOOLS_SERVICE_NAME: name,
        POWERTOOLS_LOG_LEVEL: settings.logLevel,
        // Answers carry personal data, which has no place in a trace.
        POWERTOOLS_TRACER_CAPTURE_RESPONSE: 'false',
        ...this.tableEnvironment(props.tables ?? {}),
        ...props.environment,
      },
    });
    // @ts-expect-error: the library's Version is no IVersion of its own under exactOptionalPropertyTypes
    const alias = new Alias(this, 'Live', { aliasName: liveAlias, version: this.function.currentVersion });
    new GradualDeployment(this, 'Deployment', { settings, function: this.function, alias });
    // @ts-expect-error: the same of Alias and IFunction
    this.live = alias;
    this.grantTables(props.tables ?? {});
    acknowledge(
      this.role,
      'AwsSolutions-IAM5[Resource::*]',
      'xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.',
    );
  }

  /** Grants actions on exactly these ARNs. */
  allow(actions: readonly string[], resources: readonly string[]): void {
    this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }

  /** Lets the Lambda use the stage's key, but only through the services named, e.g. `sns`. */
  allowKeyThrough(service: 'dynamodb' | 'kinesis' | 'secretsmanager' | 'sns' | 'sqs'): void {
    if (this.keyUsers.size === 0) this.grantKey();
    this.keyUsers.add(service);
  }

  /** Lets the Lambda read a secret. */
  allowSecret({ secretArn }: { readonly secretArn: string }): void {
    this.allow(['secretsmanager:GetSecretValue'], [secretArn]);
    this.allowKeyThrough('secretsmanager');
  }

  private tableEnvironment(access: TableAccess): Record<string, string> {
    const variables = accessEntries(access).map(([key]) => {
      const { variable, table } = this.data.tables[key];
      return [variable, table.tableName];
    });
    return Object.fromEntries(variables);
  }

  private grantTables(access: TableAccess): void {
    for (const [key, actions] of accessEntries(access)) {
      const { table } = this.data.tables[key];
      const onTable = actions.filter((action) => !action.startsWith(queryIndex));
      const indexes = actions.filter((action) => action.startsWith(queryIndex));
      if (onTable.length > 0) {
        this.allow(
          onTable.map((action) => `dynamodb:${action}`),
          [table.tableArn],
        );
      }
      if (indexes.length > 0) {
        this.allow(
          ['dynamodb:Query'],
          indexes.map((action) => `${table.tableArn}/index/${action.slice(queryIndex.length)}`),
        );
      }
      this.allowKeyThrough('dynamodb');
    }
  }

  private grantKey(): void {
    const { region } = Stack.of(this);
    this.role.addToPolicy(
      new PolicyStatement({
        actions: [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
        resources: [this.data.key.keyArn],
        conditions: {
          StringEquals: {
            'kms:ViaService': Lazy.list({
              produce: () => [...this.keyUsers].map((service) => `${service}.${region}.amazonaws.com`),
            }),
          },
        },
      }),
    );
  }
}

const queryIndex = 'Query:';

function reservation({ reservedConcurrency }: StageSettings, name: string) {
  const reserved = reservedConcurrency[name];
  return reserved === undefined ? {} : { reservedConcurrentExecutions: reserved };
}

function accessEntries(access: TableAccess): [TableKey, readonly TableAction[]][] {
  return tableKeys.flatMap((key) => {
    const actions = access[key];
    return actions ? [[key, actions] satisfies [TableKey, readonly TableAction[]]] : [];
  });
}
