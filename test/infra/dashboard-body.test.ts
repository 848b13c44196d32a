import { describe, expect, it } from 'vitest';
import { resource, stageNames, templatesOf, text } from './templates.ts';

interface Widget {
  readonly type: string;
  readonly properties: { readonly title?: string; readonly alarms?: readonly string[] };
}

describe.each(stageNames)('the dashboard of %s', (stage) => {
  const { backend } = templatesOf(stage);
  const dashboard = resource(backend, 'AWS::CloudWatch::Dashboard');
  const { widgets }: { widgets: Widget[] } = JSON.parse(text(dashboard.properties.DashboardBody));

  it('is a body that CloudWatch can read, with a title on everything but text', () => {
    expect(widgets.length).toBeGreaterThan(3);
    for (const { type, properties } of widgets) {
      if (type !== 'text') expect(properties.title, JSON.stringify(properties)).toBeTruthy();
    }
  });

  it('shows alarms that the stage has', () => {
    const shown = widgets.flatMap(({ properties }) => properties.alarms ?? []);
    expect(shown.length).toBeGreaterThan(3);
    const alarms = Object.entries(backend.Resources).filter(
      ([, { Type }]) => Type === 'AWS::CloudWatch::Alarm',
    );
    const arns = alarms.map(([id]) => `<${id}.Arn>`);
    expect(shown.filter((arn) => !arns.includes(arn))).toEqual([]);
  });
});
