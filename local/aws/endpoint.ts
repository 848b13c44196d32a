import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { SubscriptionModel } from '../template/messaging-model.ts';
import { AwsError } from './aws-error.ts';
import { describeStacks, escapeXml, type StackOutputs } from './cloudformation.ts';
import type { JsonOperations } from './json-services.ts';
import { type Invoke, invokedFunction, invokeFunction } from './lambda-invoke.ts';
import { sendEmailPath } from './ses.ts';
import { publish } from './sns.ts';
import type { Stores } from './stores.ts';

export interface EndpointOptions {
  readonly operations: JsonOperations;
  readonly stores: Stores;
  readonly topicArns: readonly string[];
  /** Queues that topics pass messages on to. */
  readonly subscriptions?: readonly SubscriptionModel[];
  /** What DescribeStacks answers. */
  readonly stackOutputs?: StackOutputs;
  /** Runs a Lambda for who asks Lambda to: the operations commands do. */
  readonly invoke?: Invoke;
  readonly onCall: (operation: string) => void;
}

export type Request = IncomingMessage | Http2ServerRequest;
/** What the responses of HTTP/1.1 and HTTP/2 have in common. */
export interface Response {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(text: string): unknown;
  destroy(): unknown;
}

/** Answers the AWS services that the Lambdas call, each in its own wire protocol. */
export function createAwsHandler(
  options: EndpointOptions,
): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    const body = await readText(request);
    const target = request.url === sendEmailPath ? 'SES.SendEmail' : request.headers['x-amz-target'];
    const invoked = invokedFunction(request.url);
    if (invoked !== undefined) await answerInvoke(options, invoked, body, response);
    else if (typeof target === 'string') await answerJson(options, target, body, response);
    else answerQuery(options, new URLSearchParams(body), response);
  };
}

/** AWS JSON 1.0 and 1.1: Step Functions, Kinesis, Secrets Manager, SQS. SES, which is REST, is alike enough. */
async function answerJson(
  { operations, onCall }: EndpointOptions,
  target: string,
  body: string,
  response: Response,
): Promise<void> {
  const send = (status: number, document: unknown): void => {
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': randomUUID(),
    });
    response.end(JSON.stringify(document));
  };
  try {
    const run = operations[target];
    if (!run) throw unknownOperation(target);
    onCall(shortName(target));
    send(200, await run(body === '' ? {} : JSON.parse(body)));
  } catch (error) {
    const failure = asAwsError(error);
    send(failure.status, { __type: failure.code, message: failure.message });
  }
}

/** Lambda's REST: Invoke alone. */
async function answerInvoke(
  { invoke, onCall }: EndpointOptions,
  name: string,
  body: string,
  response: Response,
): Promise<void> {
  if (!invoke) {
    response.destroy();
    return;
  }
  onCall('Lambda.Invoke');
  const { headers, text } = await invokeFunction(name, body, invoke);
  response.writeHead(200, {
    ...headers,
    'content-type': 'application/json',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
}

/** AWS Query: SNS, and CloudFormation's outputs. */
function answerQuery(
  { stores, topicArns, subscriptions = [], stackOutputs = {}, onCall }: EndpointOptions,
  form: URLSearchParams,
  response: Response,
): void {
  const requestId = randomUUID();
  const send = (status: number, xml: string): void => {
    response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId });
    response.end(xml);
  };
  try {
    const action = form.get('Action');
    if (action === 'DescribeStacks') {
      send(200, describeStacks(form, stackOutputs, requestId));
      return;
    }
    if (action !== 'Publish') throw unknownOperation(action ? `SNS.${action}` : 'of an unknown service');
    onCall('SNS.Publish');
    const { MessageId } = publish(form, stores, { topicArns, subscriptions });
    send(
      200,
      `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>${MessageId}</MessageId></PublishResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></PublishResponse>`,
    );
  } catch (error) {
    const { code, message, status } = asAwsError(error);
    const type = status < 500 ? 'Sender' : 'Receiver';
    send(
      status,
      `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>${type}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    );
  }
}

function unknownOperation(name: string): AwsError {
  return new AwsError('UnknownOperationException', `The local runtime does not know the operation ${name}.`);
}

function asAwsError(error: unknown): AwsError {
  return error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
}

/** `Kinesis_20131202.PutRecord` → `Kinesis.PutRecord` */
function shortName(target: string): string {
  return target.replace(/_\d+/, '');
}

async function readText(request: Request): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
