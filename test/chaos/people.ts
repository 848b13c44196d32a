import { createHash } from 'node:crypto';
import type { User } from '../../shared/identity/user.ts';
import { anAddress, aUser } from '../support/builders/user.ts';
import { type EventParts, gatewayEvent } from '../support/gateway-event.ts';
import type { LambdaName } from './code.ts';
import type { Kernel } from './kernel.ts';
import type { Lambdas } from './lambdas.ts';
import type { Rng } from './random.ts';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly json: any;
}

const attempts = 8;

/** The HTTP clients of people: they send a request again when it was not answered, as good clients do. */
export function createClients(kernel: Kernel, lambdas: Lambdas, rng: Rng) {
  let sent = 0;

  /** Sends once. Undefined when no answer came: the gateway's 502 and 504. */
  const send = async (lambda: LambdaName, parts: EventParts): Promise<Answer | undefined> => {
    sent += 1;
    const event = gatewayEvent(parts);
    const requestContext = { ...event.requestContext, requestId: `request-${sent}` };
    const about = `${parts.method} ${parts.resource} ${parts.params?.orderId ?? ''}`;
    const outcome = await lambdas.invoke(lambda, { ...event, requestContext }, about);
    if (!outcome.ok) return undefined;
    const { statusCode, body } = outcome.output as { statusCode: number; body: string };
    kernel.note('answer', about, statusCode);
    return { status: statusCode, json: body ? JSON.parse(body) : undefined };
  };

  /** Sends until there is an answer that sending again would not change; gives up after some minutes. */
  const request = async (lambda: LambdaName, parts: EventParts): Promise<Answer | undefined> => {
    let wait = 500;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await send(lambda, parts);
      const isFinal = answer && answer.status < 500 && answer.status !== 429 && !isInProgress(answer);
      if (isFinal || attempt === attempts) return answer;
      await kernel.sleep(wait * (0.5 + rng.next()));
      wait *= 2;
    }
  };
  return { request };
}

function isInProgress({ json }: Answer): boolean {
  return json?.code === 'request_in_progress';
}

export interface Staff {
  readonly admin: User;
  readonly manager: User;
}

export const staff: Staff = {
  admin: aUser({ userId: 'admin-1', role: 'Admin' }),
  manager: aUser({ userId: 'manager-1', role: 'Manager' }),
};

export function customer(index: number, hasProfile: boolean): User {
  return aUser({
    userId: `customer-${index}`,
    region: 'US',
    ...(hasProfile
      ? {
          addresses: [{ ...anAddress(), isDefault: true }],
          preferences: { paymentMethod: 'card' },
          isProfileComplete: true,
        }
      : {}),
  });
}

/** An address of their own for each, so that no limit by address is met together. */
export function ipOf(userId: string): string {
  const [a = 0, b = 0] = createHash('md5').update(userId).digest();
  return `198.51.${a}.${b}`;
}
