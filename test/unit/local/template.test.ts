// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation
import { describe, expect, it } from 'vitest';
import { readDeployment } from '../../../local/template/deployment.ts';
import { createResolver } from '../../../local/template/resolve.ts';
import { templateSchema } from '../../../local/template/template.ts';

const naming = { awsEndpoint: 'http://aws', tablePrefix: '' };

const data = templateSchema.parse({
  Resources: {
    TablesUsers0A1B2C3D: { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: [] } },
  },
  Outputs: { Users: { Value: { Ref: 'TablesUsers0A1B2C3D' }, Export: { Name: 'data:Users' } } },
});

const backend = templateSchema.parse({
  Resources: {
    Topic11111111: { Type: 'AWS::SNS::Topic' },
    Topic22222222: { Type: 'AWS::SNS::Topic' },
    Queue33333333: { Type: 'AWS::SQS::Queue' },
    Named44444444: { Type: 'AWS::Kinesis::Stream', Properties: { Name: 'clicks' } },
    UserFn55555555: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Handler: 'handler.handler',
        Timeout: 15,
        Environment: {
          Variables: {
            POWERTOOLS_SERVICE_NAME: 'user',
            USERS_TABLE: { 'Fn::ImportValue': 'data:Users' },
            TOPIC_ARN: { Ref: 'Topic11111111' },
            STREAM: { Ref: 'Named44444444' },
          },
        },
      },
    },
    UserFnVersion77777777: {
      Type: 'AWS::Lambda::Version',
      Properties: { FunctionName: { Ref: 'UserFn55555555' } },
    },
    UserFnLive88888888: {
      Type: 'AWS::Lambda::Alias',
      Properties: {
        Name: 'live',
        FunctionName: { Ref: 'UserFn55555555' },
        FunctionVersion: { 'Fn::GetAtt': ['UserFnVersion77777777', 'Version'] },
      },
    },
    Machine66666666: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        DefinitionString: '{"fn":"${FnArn}","queue":"${QueueUrl}"}',
        DefinitionSubstitutions: {
          FnArn: { Ref: 'UserFnLive88888888' },
          QueueUrl: { Ref: 'Queue33333333' },
        },
      },
    },
    Api: { Type: 'AWS::ApiGateway::RestApi' },
  },
});

describe('the resolver', () => {
  const resolve = createResolver({ data, backend }, naming);

  it('joins, substitutes, selects and splits', () => {
    const region = { Ref: 'AWS::Region' };
    expect(resolve('backend', { 'Fn::Join': [':', ['arn', { Ref: 'AWS::Partition' }, region]] })).toBe(
      'arn:aws:us-east-1',
    );
    expect(resolve('backend', { 'Fn::Sub': '${AWS::Region}/${Topic11111111.TopicName}/${!kept}' })).toBe(
      'us-east-1/Topic11111111/${!kept}',
    );
    expect(resolve('backend', { 'Fn::Sub': ['${a}', { a: region }] })).toBe('us-east-1');
    expect(resolve('backend', { 'Fn::Select': [1, { 'Fn::Split': ['-', 'a-b'] }] })).toBe('b');
  });

  it('leaves out what is AWS::NoValue, and says which function it does not know', () => {
    expect(resolve('backend', { a: 1, b: { Ref: 'AWS::NoValue' } })).toEqual({ a: 1 });
    expect(() => resolve('backend', { 'Fn::Cidr': [] })).toThrow('Fn::Cidr');
  });

  it('names an alias and a version within their Lambda', () => {
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:UserFn';
    expect(resolve('backend', { Ref: 'UserFnLive88888888' })).toBe(`${arn}:live`);
    expect(resolve('backend', { Ref: 'UserFnVersion77777777' })).toBe(`${arn}:1`);
    expect(resolve('backend', { 'Fn::GetAtt': ['UserFnVersion77777777', 'Version'] })).toBe('1');
    const qualified = [
      '',
      [{ 'Fn::Select': [6, { 'Fn::Split': [':', { Ref: 'UserFnLive88888888' }] }] }, ':live'],
    ];
    expect(resolve('backend', { 'Fn::Join': qualified })).toBe('UserFn:live');
  });

  it('names resources readably, but apart', () => {
    expect(resolve('data', { Ref: 'TablesUsers0A1B2C3D' })).toBe('TablesUsers');
    expect(resolve('backend', { Ref: 'Topic11111111' })).toMatch(/:Topic11111111$/);
    expect(resolve('backend', { Ref: 'Named44444444' })).toBe('clicks');
  });
});

describe('a deployment', () => {
  const deployment = readDeployment({ data, backend }, naming);

  it('has functions with their environment, across stacks', () => {
    expect(deployment.functions).toMatchObject([
      {
        shortName: 'user',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:UserFn',
        aliases: ['live'],
        timeoutMs: 15_000,
        environment: { USERS_TABLE: 'TablesUsers', STREAM: 'clicks' },
      },
    ]);
  });

  it('has state machines with every placeholder filled', () => {
    expect(JSON.parse(deployment.stateMachines[0]?.definition ?? '')).toEqual({
      fn: 'arn:aws:lambda:us-east-1:000000000000:function:UserFn:live',
      queue: 'http://aws/000000000000/Queue',
    });
  });
});
