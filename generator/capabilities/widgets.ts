/** Cells of the dashboard's 24-column grid. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A metric as the dashboard's source has it: namespace, name, then dimension and value by turns. */
export type Metric = readonly (
  | string
  | { readonly label?: string; readonly stat?: string; readonly yAxis?: 'left' | 'right' }
)[];

export function place({ x, y, width, height }: Place) {
  return { x, y, width, height };
}

export function text(where: Place, markdown: string) {
  return { type: 'text', ...place(where), properties: { markdown } };
}

export function graph(where: Place, title: string, stat: string, metrics: readonly Metric[]) {
  return {
    type: 'metric',
    ...place(where),
    properties: { title, region: '${AWS::Region}', view: 'timeSeries', stat, period: 300, metrics },
  };
}

/** JSON with one widget a line: an auditor can read it, and a change shows as one line. */
export function layOut({ start, widgets }: { start: string; widgets: readonly object[] }): string {
  const lines = widgets.map((widget) => `  ${JSON.stringify(widget)}`).join(',\n');
  return `{"start": ${JSON.stringify(start)}, "widgets": [\n${lines}\n]}`;
}
