import { BlockList, isIP } from 'node:net';

/** Ranges that no geography knows: this machine, private networks, link-local. */
const privateRanges = new BlockList();
for (const [address, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const) {
  privateRanges.addSubnet(address, prefix, 'ipv4');
}
privateRanges.addAddress('::1', 'ipv6');
privateRanges.addSubnet('fc00::', 7, 'ipv6');
privateRanges.addSubnet('fe80::', 10, 'ipv6');

/**
 * Where a client is, as far as can be told: the country that CloudFront saw, else `local` for an address of
 * this machine or a private network, else `unknown`. No guess is made from a public address: that takes a
 * database that somebody keeps up to date.
 * @param viewerCountry CloudFront's header; must come from where no client can write it
 */
export function regionOf(ip: string, viewerCountry: string | undefined): string {
  if (viewerCountry !== undefined && /^[A-Z][A-Z0-9]$/.test(viewerCountry)) {
    return viewerCountry;
  }
  return isPrivate(ip) ? 'local' : 'unknown';
}

function isPrivate(ip: string): boolean {
  const version = isIP(ip);
  return version !== 0 && privateRanges.check(ip, version === 4 ? 'ipv4' : 'ipv6');
}

/**
 * What counts as one address: an IPv4 address as it is, an IPv6 address by its /64. One household or host
 * gets a /64 and changes the rest as it likes, so by whole addresses it would look new every day, and could
 * guess on without end.
 */
export function networkOf(ip: string): string {
  if (isIP(ip) !== 6) {
    return ip;
  }
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) {
    return mapped;
  }
  const [head = '', tail] = ip.toLowerCase().split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...right];
  const prefix = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(':')}::/64`;
}
