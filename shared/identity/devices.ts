import type { ClientInfo } from '../api/route.ts';
import { networkOf } from './network-address.ts';
import type { Device, User } from './user.ts';
import type { RequestDevice } from './user-schemas.ts';

/** How many devices a user record remembers. One that was forgotten is asked for a code again. */
export const maximumDevices = 10;

const unnamed = 'unknown';

/** The device of a request: what it says of itself, and the address and region that the gateway saw. */
export function requestDevice(said: RequestDevice | undefined, client: ClientInfo, at: string): Device {
  return {
    os: said?.os ?? unnamed,
    browser: said?.browser ?? unnamed,
    ip: client.ip,
    region: client.region,
    lastActive: at,
  };
}

/**
 * Whether a login needs no second factor: both the address and the device have been seen before, not
 * necessarily together. A device comes onto the list at registration, or at a login that passed this rule or
 * a code; so every device there is trusted. What a device says of itself is the client's word alone, so one
 * that says nothing is judged by its address.
 */
export function isTrusted({ deviceInfo, trustFirstDevice }: User, device: Device): boolean {
  const hasSeen = deviceInfo.some(({ os, browser }) => os === device.os && browser === device.browser);
  // For the seeded users of a local stack, whose every device may come once without a code.
  if (trustFirstDevice && !hasSeen && (deviceInfo.length === 0 || isNamed(device))) return true;
  const network = networkOf(device.ip);
  const isAddressKnown = deviceInfo.some(({ ip }) => networkOf(ip) === network);
  const isDeviceKnown = hasSeen || !isNamed(device) || !deviceInfo.some(isNamed);
  return isAddressKnown && isDeviceKnown;
}

function isNamed({ os, browser }: Device): boolean {
  return os !== unnamed || browser !== unnamed;
}

export function isKnownDevice(devices: readonly Device[], device: Device): boolean {
  return devices.some((known) => isSameDevice(known, device));
}

/** Puts a device at the head, once, and forgets the one that was away longest when there are too many. */
export function rememberDevice(devices: readonly Device[], device: Device): Device[] {
  return [device, ...devices.filter((known) => !isSameDevice(known, device))].slice(0, maximumDevices);
}

function isSameDevice(a: Device, b: Device): boolean {
  return a.ip === b.ip && a.os === b.os && a.browser === b.browser;
}
