import { Problem } from './problem.ts';

/** The entity tag of a record's version. */
export function etag(version: number): string {
  return `"${version}"`;
}

/** Whether an If-None-Match names the tag: any of a list, weak or strong, or `*` (RFC 9110, 13.1.2). */
export function matchesNone(ifNoneMatch: string | undefined, tag: string | undefined): boolean {
  if (ifNoneMatch === undefined || tag === undefined) return false;
  const tags = ifNoneMatch.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(tag.replace(/^W\//, ''));
}

/**
 * The version that an If-Match names; what follows it in the tag of a shown product does not matter for edits.
 * @throws Problem version_conflict when it cannot be a version of ours, as it then matches nothing
 */
export function versionOf(ifMatch: string): number {
  const match = /^"(\d{1,15})(?:\.[\w-]{1,64})?"$/.exec(ifMatch);
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
