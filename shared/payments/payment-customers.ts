/** Makes the provider's record of a customer. Throws TransientError when the provider does not answer. */
export interface CustomerSource {
  /** @returns the provider's id; a repetition may make another */
  create(userId: string): Promise<string>;
}

/** Keeps the provider's id with the user. */
export interface CustomerIds {
  /** @returns the id that is kept: the first one that was */
  keep(userId: string, customerId: string): Promise<string>;
}

/** What the payment's provider knows a customer by; undefined where the provider needs no such thing. */
export type FindCustomer = (userId: string) => Promise<string>;

/**
 * The provider's id of a user who has none yet. Whoever breaks off between the two steps makes it again; of several
 * that were made, all use the one that is kept.
 */
export function createFindCustomer(source: CustomerSource, ids: CustomerIds): FindCustomer {
  return async (userId) => ids.keep(userId, await source.create(userId));
}
