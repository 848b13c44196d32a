interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

/**
 * The one of our media types that an Accept header wants most (RFC 9110 §12.5.1); its first if it says nothing or
 * wants none of them. Of types that it wants alike, the one it names wins over one that a wildcard covers, then the
 * one it names first. Parameters other than the weight are not looked at.
 */
export function preferredType(accept: string | undefined, offers: readonly [string, ...string[]]): string {
  const ranges = (accept ?? '*/*').split(',').map(toRange);
  const wanted = offers
    .map((offer) => ({ offer, ...fitOf(offer, ranges) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || b.specificity - a.specificity || a.position - b.position);
  return wanted[0]?.offer ?? offers[0];
}

/** How much a type is wanted: the most specific range that covers it says so. */
function fitOf(offer: string, ranges: readonly MediaRange[]) {
  const wildcards = [offer, `${offer.split('/')[0]}/*`, '*/*'];
  for (const [index, wildcard] of wildcards.entries()) {
    const position = ranges.findIndex(({ type }) => type === wildcard);
    const range = ranges[position];
    if (range) return { weight: range.weight, specificity: wildcards.length - index, position };
  }
  return { weight: 0, specificity: 0, position: ranges.length };
}

function toRange(entry: string): MediaRange {
  const [type = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { type, weight: weight === undefined ? 1 : Number(weight) || 0 };
}
