/** Wakes checkouts that wait for their customer's profile. */
export interface CheckoutResumer {
  /** Resumes every waiting checkout of the user; those that gave up waiting are forgotten. Repeatable. */
  resumeFor(userId: string): Promise<void>;
}
