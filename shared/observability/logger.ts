import { Logger } from '@aws-lambda-powertools/logger';

/**
 * One structured logger for a container. Callers log ids and codes, never bodies: no e-mail, address,
 * token, password or code may reach it.
 */
export const logger = new Logger();
