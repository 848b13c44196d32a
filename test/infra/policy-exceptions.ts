import type { Wildcard } from './policy-statements.ts';

/** A wildcard that may stand in a policy. One that nothing needs any more fails the tests. */
export interface PolicyException {
  readonly reason: string;
  /** Whose policy, as `AWS::IAM::Policy LogicalId`. */
  readonly of: RegExp;
  /** The wildcard, as `action …`, `resource …` or `principal …`. */
  readonly wildcard: RegExp;
  /** The action that it is about; a statement of several is looked at action by action. */
  readonly action: RegExp;
  readonly effect?: 'Deny';
  /** What the statement's condition has to say. */
  readonly condition?: RegExp;
}

/** Whoever adds one has to give the reason that a reviewer would ask for. */
export const policyExceptions: readonly PolicyException[] = [
  {
    reason: 'Sending traces knows no resources.',
    of: /^AWS::IAM::Policy /,
    wildcard: /^resource \*$/,
    action: /^xray:Put(TelemetryRecords|TraceSegments)$/,
  },
  {
    reason:
      'A state machine reads the sampling rules of X-Ray and registers its log delivery: neither knows resources.',
    of: /^AWS::IAM::Policy (Checkout|Reversal)StateMachineRole/,
    wildcard: /^resource \*$/,
    action:
      /^(xray:(PutTelemetryRecords|PutTraceSegments|GetSamplingRules|GetSamplingTargets)|logs:(CreateLogDelivery|GetLogDelivery|UpdateLogDelivery|DeleteLogDelivery|ListLogDeliveries|PutResourcePolicy|DescribeResourcePolicies|DescribeLogGroups))$/,
  },
  {
    reason: 'Lambda lists streams when an event source mapping is made, in a call that knows no resources.',
    of: /^AWS::IAM::Policy /,
    wildcard: /^resource \*$/,
    action: /^dynamodb:ListStreams$/,
  },
  {
    reason: 'Executions of the checkout are named after orders that do not exist yet.',
    of: /^AWS::IAM::Policy (HandlersUser|HandlersOrder|Reconciler)Role/,
    wildcard: /^resource arn:aws:states:[^*]*:execution:<Checkout[^>]*\.Name>:\*$/,
    action: /^states:(DescribeExecution|GetExecutionHistory)$/,
  },
  {
    reason: 'CodeDeploy asks for the states of alarms in a call that knows no resources.',
    of: /^AWS::IAM::Role \w+DeploymentRole/,
    wildcard: /^resource \*$/,
    action: /^cloudwatch:DescribeAlarms$/,
  },
  {
    reason: 'Backups of our own tables, each named by its time.',
    of: /^AWS::IAM::Role BackupsRole/,
    wildcard: /^resource <Tables\w+\.Arn>\/backup\/\*$/,
    action: /^dynamodb:(DeleteBackup|DescribeBackup)$/,
  },
  {
    reason:
      'A telephone number is no resource: the right to text is that to publish anywhere, less the denial below.',
    of: /^AWS::IAM::Policy DeliverySmsDelivererRole/,
    wildcard: /^resource \*$/,
    action: /^sns:Publish$/,
  },
  {
    reason:
      'Denies the SMS delivery to publish to any topic or endpoint, so that telephone numbers alone are left.',
    of: /^AWS::IAM::Policy DeliverySmsDelivererRole/,
    wildcard: /^resource arn:\*:sns:\*:\*:\*$/,
    action: /^sns:Publish$/,
    effect: 'Deny',
  },
  {
    reason: 'Endpoints of one platform application, each made when somebody installs the app.',
    of: /^AWS::IAM::Policy DeliveryPushDelivererRole/,
    wildcard: /^resource arn:aws:sns:us-east-1:123456789012:endpoint\/GCM\/Shop\/\*$/,
    action: /^sns:Publish$/,
  },
  {
    reason: 'Firehose names each file by its time, below the two prefixes that it writes to.',
    of: /^AWS::IAM::Policy AnalyticsDeliveryRole/,
    wildcard: /^resource <[^>]*Analytics[^>]*>\/(events|errors)\/\*$/,
    action: /^s3:(AbortMultipartUpload|GetObject|PutObject)$/,
  },
  {
    reason: 'Plain HTTP is refused to everybody and for everything.',
    of: /^AWS::(S3::Bucket|SQS::Queue|SNS::Topic)Policy /,
    wildcard: /^(principal \*|action s3:\*|action sqs:\*|resource <\w+\.Arn>\/\*)$/,
    action: /./,
    effect: 'Deny',
    condition: /^\{"Bool":\{"aws:SecureTransport":"false"\}\}$/,
  },
  {
    reason:
      'The policy of a key is about this key; the account’s own IAM policies say who may do what with it.',
    of: /^AWS::KMS::Key Key/,
    wildcard: /^(resource \*|action kms:\*)$/,
    action: /^kms:\*$/,
  },
  {
    reason: 'The policy of a key is about this key; each service is let in for this account alone.',
    of: /^AWS::KMS::Key Key/,
    wildcard: /^resource \*$/,
    action: /^kms:(Encrypt|Decrypt|ReEncryptFrom|ReEncryptTo|GenerateDataKey|DescribeKey|CreateGrant)$/,
    condition: /(aws:SourceAccount|kms:EncryptionContext:aws:logs:arn|kms:ViaService)"/,
  },
  {
    reason:
      'Whoever in this account may use a secret may use the key through Secrets Manager; the library writes it so.',
    of: /^AWS::KMS::Key Key/,
    wildcard: /^action kms:(GenerateDataKey|ReEncrypt)\*$|^resource \*$/,
    action: /^kms:(GenerateDataKey|ReEncrypt)\*$/,
    condition: /"kms:ViaService":"secretsmanager\./,
  },
  {
    reason:
      'S3 writes each access log under a name of its own below the prefix of the bucket that it is about.',
    of: /^AWS::S3::BucketPolicy AccessLogs/,
    wildcard: /^resource <AccessLogs\w+\.Arn>\/[a-z]+\/\*$/,
    action: /^s3:PutObject$/,
    condition: /"aws:SourceAccount"/,
  },
];

/** Whether an exception allows a wildcard. */
export function explains(exception: PolicyException, { statement, action, found }: Wildcard): boolean {
  return (
    statement.effect === (exception.effect ?? 'Allow') &&
    exception.of.test(statement.of) &&
    exception.wildcard.test(found) &&
    exception.action.test(action) &&
    (exception.condition?.test(statement.condition) ?? true)
  );
}
