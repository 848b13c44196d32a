import { slotsPerWindow } from '../../shared/payments/fraud-settings.ts';
import { slotsPerCounter } from '../../shared/payments/velocity.ts';

/** Slots that are left in which nothing changes, for a measurement that takes some minutes. */
const spareSlots = 3;

/**
 * A window of the velocity rules in which a checkout reads two counters of each at this moment. In a quarter of all
 * hours it reads two and else one, so a measurement would come out by the hour at which it is made: this is the dearer
 * one. An hour long, or somewhat more.
 */
export function dearestWindowSeconds(now: Date): number {
  const isDearest = (windowSeconds: number) => {
    const slot = Math.floor(now.getTime() / 1000 / (windowSeconds / slotsPerWindow)) % slotsPerCounter;
    return slot < slotsPerWindow - spareSlots;
  };
  let windowSeconds = 3600;
  while (!isDearest(windowSeconds)) windowSeconds += 600;
  return windowSeconds;
}

/** Settings of a stage that is measured. */
export function dearestFraudRules(now: Date) {
  const windowSeconds = dearestWindowSeconds(now);
  return { userVelocity: { windowSeconds }, addressVelocity: { windowSeconds } };
}
