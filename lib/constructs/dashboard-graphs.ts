import { Duration } from 'aws-cdk-lib';
import { GraphWidget, type IMetric, type IWidget, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';

/** Of all metrics on the dashboard. */
export const period = Duration.minutes(5);
export const height = 6;
const fullWidth = 24;

/** Opens a part of the page. */
export function heading(title: string, text: string): TextWidget {
  return new TextWidget({ markdown: `## ${title}\n${text}`, width: fullWidth, height: 2 });
}

interface Graph {
  readonly title: string;
  readonly left: IMetric[];
  readonly right: IMetric[];
}

/** @param right have an axis of their own */
export function graph(title: string, left: IMetric[], right: IMetric[] = []): Graph {
  return { title, left, right };
}

/** Graphs side by side, as wide as the page. */
export function row(...graphs: Graph[]): IWidget[] {
  const width = fullWidth / graphs.length;
  return graphs.map((given) => new GraphWidget({ ...given, width, height, leftYAxis: { min: 0 } }));
}
