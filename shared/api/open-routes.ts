import type { Effects } from '../effects.ts';
import type { ApiPorts } from './dispatch.ts';

/**
 * The dispatcher's ports of a Lambda whose every route is open to all and not counted by address: it looks no
 * caller up, so that it needs no right to.
 */
export function openRoutePorts(effects: Effects): ApiPorts {
  const notAsked = async (): Promise<never> => {
    throw new Error('This Lambda serves open routes only');
  };
  return { users: { find: notAsked }, audit: { append: notAsked }, limiter: { hit: notAsked }, effects };
}
