import { SFNClient, type SFNClientConfig } from '@aws-sdk/client-sfn';
import { createPace } from './pace.ts';

/** Half of what Step Functions gives an account of its scarcest call: reading executions is the shop's, too. */
const limits = { burst: 50, perSecond: 5 };
/** A throttled call waits for longer each time, up to 20 seconds. */
const attempts = 10;

/** A client for commands, which look at one order after the other for as long as it takes. */
export function createPatientWorkflowClient(config: SFNClientConfig): SFNClient {
  const client = new SFNClient({ maxAttempts: attempts, ...config });
  const pace = createPace(limits);
  client.middlewareStack.add(
    (next) => async (args) => {
      await pace();
      return next(args);
    },
    { step: 'initialize', name: 'paceOfCommands' },
  );
  return client;
}
