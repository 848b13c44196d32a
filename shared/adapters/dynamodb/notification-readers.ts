import type { Readers } from '../../notifications/delivery-ports.ts';
import type { Dynamo } from './client.ts';
import { createUserDirectory } from './user-directory.ts';
import { listUsers } from './user-list.ts';

/** Of each staff role: an alert is no mailing. Who wants more reached sets the address of a list. */
const staffPerRole = 20;

/** One read of a user, or two queries for the staff. */
export function createReaders(client: Dynamo, table: string): Readers {
  const { find } = createUserDirectory(client, table);
  return {
    find,
    async staff() {
      const pages = await Promise.all([
        listUsers(client, table, 'Manager', { limit: staffPerRole }),
        listUsers(client, table, 'Admin', { limit: staffPerRole }),
      ]);
      return pages.flatMap(({ items }) => items).filter(({ disabled }) => !disabled);
    },
  };
}
