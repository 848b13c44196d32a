import * as z from 'zod';
import { redactText } from './redact.ts';

/** What an error says, without the input that it quotes. */
export function safeMessage(error: Error): string {
  if (error instanceof z.ZodError) {
    const issues = error.issues.map(({ path, code }) => `${path.map(String).join('.') || '(root)'}: ${code}`);
    return redactText(issues.join('; '));
  }
  // JSON.parse quotes what it was given.
  return error instanceof SyntaxError ? 'not to be parsed' : redactText(error.message);
}

/** Name, safe message, and where it was thrown. */
export function safeStack(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [`${error.name}: ${safeMessage(error)}`, ...frames].join('\n');
}

/** For whoever writes an error down as it is: the same one without causes, members and personal data. */
export function safeError(error: Error): Error {
  const safe = new Error(safeMessage(error));
  safe.name = error.name;
  safe.stack = safeStack(error);
  return safe;
}
