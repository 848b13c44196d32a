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
