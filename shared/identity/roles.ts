import * as z from 'zod';

/** The four roles. Guest is who sends no token; the other three are stored on the user record. */
export const roles = ['Guest', 'Customer', 'Manager', 'Admin'] as const;
export type Role = (typeof roles)[number];

export const storedRoleSchema = z.enum(['Customer', 'Manager', 'Admin']);
export type StoredRole = z.infer<typeof storedRoleSchema>;

/** The number that clients compare to choose what to show: 0 Guest, 1 Customer, 2 Manager, 3 Admin. */
export function accessLevel(role: Role): 0 | 1 | 2 | 3 {
  return ({ Guest: 0, Customer: 1, Manager: 2, Admin: 3 } as const)[role];
}

export function isStaff(role: Role): boolean {
  return role === 'Manager' || role === 'Admin';
}
