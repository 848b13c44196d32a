import type { CheckoutRunView } from './order-schemas.ts';

export interface CheckoutStart {
  readonly orderId: string;
  readonly userId: string;
  readonly productIds: readonly string[];
  /** True when the order still needs its address from the profile. */
  readonly fillFromProfile: boolean;
  /** Of the request that placed the order, for whoever looks at the execution. */
  readonly requestId?: string;
}

/** The running checkouts: executions of the state machine, each named by its order. */
export interface CheckoutRuns {
  /** Starts the order's checkout; fine when it has been started before. @throws TransientError */
  start(checkout: CheckoutStart): Promise<void>;
  /** The states that the checkout has been in; undefined when there is no such run. */
  describe(orderId: string): Promise<CheckoutRunView | undefined>;
  /** Lets a waiting checkout go on. @returns false when it no longer waits */
  resume(taskToken: string, result: Readonly<Record<string, unknown>>): Promise<boolean>;
}

/** Hands a result to whichever of a checkout's attempts still waits. @returns false when none of them does */
export async function resumeAny(
  checkouts: Pick<CheckoutRuns, 'resume'>,
  taskTokens: readonly string[],
  result: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  let isHeard = false;
  for (const taskToken of taskTokens) {
    isHeard = (await checkouts.resume(taskToken, result)) || isHeard;
  }
  return isHeard;
}
