import * as z from 'zod';
import {
  type AnnouncePorts,
  announcePromotion as run,
} from '../../shared/notifications/announce-promotion.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const announcePromotion = (ports: AnnouncePorts) =>
  defineTask({
    input: z.object({ code: z.string().min(1), cursor: z.string().optional() }),
    output: z.object({ announced: z.int(), nextCursor: z.string().optional() }),
    run: (input) => run(input, ports),
  });
