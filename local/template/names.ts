/** The one account and region that everything local lives in. */
export const localRegion = 'us-east-1';
export const localAccountId = '000000000000';

/** What `Ref` and `Fn::GetAtt` answer for a resource. */
export interface PhysicalResource {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface NamingOptions {
  /** Base URL of the local AWS endpoint; queue URLs point there. */
  readonly awsEndpoint: string;
  /** Put before each table name, so that stacks can share one engine. */
  readonly tablePrefix: string;
}

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${localRegion}:${localAccountId}:${resource}`;

/** The property that fixes a resource's name, by type; without it the logical id is the name. */
export const nameProperty: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Lambda::Alias': 'Name',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Kinesis::Stream': 'Name',
  'AWS::StepFunctions::StateMachine': 'StateMachineName',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::ApiGateway::Stage': 'StageName',
};

/** The property that names what a resource is part of, by type. */
export const parentProperty: Readonly<Record<string, string>> = {
  'AWS::Lambda::Alias': 'FunctionName',
  'AWS::Lambda::Version': 'FunctionName',
};

/** Names a resource as AWS would, with local ARNs. Unknown types get their logical id for everything. */
export function physicalResource(type: string, name: string, options: NamingOptions): PhysicalResource {
  switch (type) {
    case 'AWS::Lambda::Function':
      return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
    case 'AWS::Lambda::Alias':
      return { ref: arn('lambda', `function:${name}`), attributes: {} };
    // There is one version of everything here.
    case 'AWS::Lambda::Version':
      return {
        ref: arn('lambda', `function:${name.replace(/:[^:]*$/, ':1')}`),
        attributes: { Version: '1' },
      };
    case 'AWS::DynamoDB::Table':
    case 'AWS::DynamoDB::GlobalTable': {
      const table = `${options.tablePrefix}${name}`;
      const tableArn = arn('dynamodb', `table/${table}`);
      return { ref: table, attributes: { Arn: tableArn, StreamArn: `${tableArn}/stream/local` } };
    }
    case 'AWS::SNS::Topic': {
      const topicArn = arn('sns', name);
      return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name } };
    }
    case 'AWS::SQS::Queue': {
      const url = `${options.awsEndpoint}/${localAccountId}/${name}`;
      return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
    }
    case 'AWS::Kinesis::Stream':
      return { ref: name, attributes: { Arn: arn('kinesis', `stream/${name}`) } };
    case 'AWS::StepFunctions::StateMachine': {
      const machineArn = arn('states', `stateMachine:${name}`);
      return { ref: machineArn, attributes: { Arn: machineArn, Name: name } };
    }
    case 'AWS::SecretsManager::Secret': {
      const secretArn = arn('secretsmanager', `secret:${name}`);
      return { ref: secretArn, attributes: { Id: secretArn, Arn: secretArn } };
    }
    default:
      return { ref: name, attributes: { Arn: arn('local', name) } };
  }
}
