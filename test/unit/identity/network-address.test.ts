import { describe, expect, it } from 'vitest';
import { networkOf, regionOf } from '../../../shared/identity/network-address.ts';

describe('the region of a client', () => {
  it.each([
    ['203.0.113.7', 'DE', 'DE'],
    ['127.0.0.1', 'DE', 'DE'],
    ['127.0.0.1', undefined, 'local'],
    ['10.1.2.3', undefined, 'local'],
    ['172.31.0.1', undefined, 'local'],
    ['192.168.1.1', undefined, 'local'],
    ['::1', undefined, 'local'],
    ['fd12::1', undefined, 'local'],
    ['fe80::1', undefined, 'local'],
    ['172.32.0.1', undefined, 'unknown'],
    ['203.0.113.7', undefined, 'unknown'],
    ['2001:db8::1', undefined, 'unknown'],
    ['not an address', undefined, 'unknown'],
    ['203.0.113.7', '<script>', 'unknown'],
    ['203.0.113.7', 'de', 'unknown'],
  ])('at %s with the country %s is %s', (ip, country, region) => {
    expect(regionOf(ip, country)).toBe(region);
  });
});

describe('what counts as one address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['nonsense', 'nonsense'],
  ])('%s is in %s', (ip, network) => {
    expect(networkOf(ip)).toBe(network);
  });
});
