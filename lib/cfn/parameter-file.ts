import { CfnError } from './errors.ts';
import { parseSource, readText, type SourceDocument } from './read.ts';
import { isObject } from './template.ts';

export interface ParameterFile {
  document: SourceDocument;
  values: Record<string, string>;
}

/**
 * Reads `["Key=Value", …]`, the one form that both versions of
 * `aws cloudformation deploy --parameter-overrides file://…` take (awscli 1.46.2 refuses the others), and what version 2
 * takes besides: `{"Parameters": {…}}` and `[{"ParameterKey", "ParameterValue"}, …]`. Throws CFN410.
 */
export function readParameterFile(file: string): ParameterFile {
  const document = parseSource(readText(file), file);
  const values = valuesOf(document.value);
  if (values === undefined) {
    throw new CfnError({
      code: 'CFN410',
      severity: 'error',
      file,
      ...document.locate([]),
      message: `${file} is no parameter file`,
      fix: 'write a list: ["Name=value", "Other=value"]',
    });
  }
  return { document, values };
}

function valuesOf(value: unknown): Record<string, string> | undefined {
  const entries = entriesOf(value);
  if (entries === undefined) return undefined;
  const values: Record<string, string> = {};
  for (const [name, text] of entries) {
    if (typeof name !== 'string' || (typeof text === 'object' && text !== null) || text === null) return undefined;
    values[name] = String(text);
  }
  return values;
}

function entriesOf(value: unknown): [unknown, unknown][] | undefined {
  if (isObject(value)) return isObject(value.Parameters) ? Object.entries(value.Parameters) : undefined;
  if (!Array.isArray(value)) return undefined;
  return value.map((item) => {
    if (typeof item === 'string' && item.includes('=')) {
      const at = item.indexOf('=');
      return [item.slice(0, at), item.slice(at + 1)];
    }
    return isObject(item) ? [item.ParameterKey, item.ParameterValue] : [undefined, undefined];
  });
}
