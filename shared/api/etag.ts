import { Problem } from './problem.ts';

/** The entity tag of a record's version. */
export function etag(version: number): string {
  return `"${version}"`;
}

/**
 * The version that an If-Match names.
 * @throws Problem version_conflict when it cannot be a version of ours, as it then matches nothing
 */
export function versionOf(ifMatch: string): number {
  const match = /^"(\d{1,15})"$/.exec(ifMatch);
  if (!match) {
    throw new Problem('version_conflict', 'If-Match is not the current ETag; read the resource again.');
  }
  return Number(match[1]);
}

/**
 * Holds a change to the version that the client read, if it says one; `*` is any (RFC 9110 §13.1.1).
 * @throws Problem version_conflict
 */
export function requireVersion(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch === '*') {
    return;
  }
  if (versionOf(ifMatch) !== version) {
    throw new Problem('version_conflict', 'The resource has changed since it was read; read it again.');
  }
}
