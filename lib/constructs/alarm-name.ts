import type { StageName } from '../stage-settings.ts';

/**
 * The fixed name of an alarm of a stage. A deployment group names the alarms that roll it back; by reference it
 * would have to wait for them, and they for the very Lambdas that it deploys.
 */
export function alarmName(stage: StageName, id: string): string {
  return `storefront-${stage}-${id}`;
}
