/** Keys of the Insights table. */
export const appliedKey = (orderId: string) => ({ pk: `APPLIED#${orderId}`, sk: 'APPLIED' });

export const counterItemKey = (counter: {
  readonly family: string;
  readonly group: string;
  readonly member: string;
}) => ({ pk: groupKey(counter.family, counter.group), sk: counter.member });

export function groupKey(family: string, group: string): string {
  return `${family.toUpperCase()}#${group}`;
}
