/** Analytics events, newest first. On AWS they become files; here they stay on the stream. */
export function eventsJson(records: readonly { readonly data: string }[]): object {
  const items: unknown[] = records.map(({ data }) => JSON.parse(data));
  return { items: items.toReversed() };
}
