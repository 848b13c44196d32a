import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { clientDefaults } from './aws-client.ts';

/**
 * Kinesis over HTTP/1.1, as all other services. The client's own default is HTTP/2 with a new TLS session for every
 * call, and without a time-out for connecting.
 * @param timeouts in milliseconds, where they are not to be those of all clients
 * @see https://github.com/aws/aws-sdk-js-v3/issues/8279
 */
export function createKinesisClient(
  timeouts: Pick<NodeHttpHandlerOptions, 'connectionTimeout' | 'requestTimeout'> = {},
): KinesisClient {
  const { requestHandler, ...defaults } = clientDefaults;
  return new KinesisClient({
    ...defaults,
    requestHandler: new NodeHttpHandler({ ...requestHandler, ...timeouts }),
  });
}
