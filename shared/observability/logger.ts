import { Logger } from '@aws-lambda-powertools/logger';
import { SafeLogFormatter } from './log-formatter.ts';
import { redactMember } from './redact.ts';

/** A structured logger that writes nothing personal that it can tell as such. */
export function createLogger(): Logger {
  return new Logger({ logFormatter: new SafeLogFormatter(), jsonReplacerFn: redactMember });
}

/**
 * One for a container. Callers log ids and codes, never bodies: no e-mail, address, token, password or code may
 * reach it. What redacts is a net for what slips through.
 */
export const logger = createLogger();
