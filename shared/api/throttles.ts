import type { Throttle } from './route.ts';

/** Reads from an index or a key; cheap. */
export const readThrottle: Throttle = { rate: 200, burst: 400 };
/** Reads a run's history: Step Functions allows an account bursts of hundreds, but few of them for long. */
export const historyThrottle: Throttle = { rate: 50, burst: 200 };
/** Reads many counters at once. */
export const reportThrottle: Throttle = { rate: 50, burst: 100 };
/** Writes a few items. */
export const writeThrottle: Throttle = { rate: 50, burst: 100 };
/** Places an order and so starts a checkout. */
export const checkoutThrottle: Throttle = { rate: 100, burst: 200 };
/** Open to all and worth guessing at: counted per address as well (contract: limits). */
export const guessableThrottle: Throttle = { rate: 50, burst: 100, perAddressPerMinute: 100 };
/**
 * Open to all, and each request puts up to a batch's bytes onto a stream that is paid by them. Not counted per address:
 * that is a write of the database each, as dear as taking an ordinary batch, and many shoppers share an address.
 */
export const eventsThrottle: Throttle = { rate: 100, burst: 200 };
/** The payment provider's servers: few addresses, and bursts when it catches up. They are not counted. */
export const webhookThrottle: Throttle = { rate: 200, burst: 400 };
