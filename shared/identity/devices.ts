import type { ClientInfo } from '../api/route.ts';
import type { Device } from './user.ts';
import type { RequestDevice } from './user-schemas.ts';

/** How many devices a user record remembers. */
export const maximumDevices = 10;

/** The device of a request: what it says of itself, and the address and region that the gateway saw. */
export function requestDevice(said: RequestDevice | undefined, client: ClientInfo, at: string): Device {
  return {
    os: said?.os ?? 'unknown',
    browser: said?.browser ?? 'unknown',
    ip: client.ip,
    region: client.region,
    lastActive: at,
  };
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
