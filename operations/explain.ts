import { gatherFacts } from './explain/facts.ts';
import { storyLines, tellStory } from './explain/story.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { runCommand, terminal } from './support/command.ts';
import { connect } from './support/target.ts';

const usage = `npm run explain -- ORDER [--json] [--port 3000 | --stage dev|prod]

Tells what became of an order and why: every step, retry and compensation, price, payment, stock, notification, role
and time, from what is stored. It names people by their ids only. Exit code 1 when nothing is known of the order.`;

await runCommand(import.meta.main, usage, async (args) => {
  const given = readArguments(args, { flags: ['json'] });
  const [orderId, ...more] = given.positionals;
  if (orderId === undefined || more.length > 0) throw new UsageError('Name one order.');
  const target = await connect(given.place);
  try {
    const facts = await gatherFacts(target, orderId);
    const story = tellStory(facts);
    if (given.has('json')) terminal.line(JSON.stringify(story, undefined, 2));
    else for (const line of storyLines(story)) terminal.line(line);
    return facts.order || facts.trail.length > 0 ? 0 : 1;
  } finally {
    target.close();
  }
});
