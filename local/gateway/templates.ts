/** Values that `$context.…` stands for in the templates we use. */
export type TemplateContext = Readonly<Record<string, string>>;

export interface RenderedTemplate {
  readonly body: string;
  /** Headers that the template sets through `$context.responseOverride`. */
  readonly headers: Readonly<Record<string, string>>;
}

const headerOverride = /^#set\(\$context\.responseOverride\.header\.([\w-]+)\s*=\s*(.+)\)\s*$/;

/** Renders a mapping template: `$context` variables and header overrides are all that is known here. */
export function renderTemplate(template: string, context: TemplateContext): RenderedTemplate {
  const headers: Record<string, string> = {};
  const lines = template.split('\n').filter((line) => {
    const [, name, value] = headerOverride.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) return true;
    headers[name] = fill(value.replace(/^["']|["']$/g, ''), context);
    return false;
  });
  return { body: fill(lines.join('\n'), context), headers };
}

/** A response parameter: `'a constant'`, or `context.requestId`. */
export function renderParameter(value: string, context: TemplateContext): string {
  return value.startsWith("'") ? value.slice(1, -1) : (context[value.replace(/^context\./, '')] ?? '');
}

function fill(text: string, context: TemplateContext): string {
  return text.replace(/\$context\.([\w.]+)/g, (_, name: string) => context[name] ?? '');
}
