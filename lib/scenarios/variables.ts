import type { ParameterBody, Template } from '../cfn/template.ts';
import { type Domain, finiteDomain, parameterDomain, textDomain } from './domain.ts';
import { entriesOf } from './entries.ts';
import { repeat } from './language.ts';
import { coerceParameter, defaultText, parameterType } from './parameters.ts';
import { patternLanguage } from './pattern.ts';
import { isRegionName, partitionOf, REGIONS } from './regions.ts';
import type { Resolved } from './unknown.ts';

/** What differs between two deployments of a template: a parameter, or a pseudo parameter that others follow from. */
export interface Variable {
  readonly name: string;
  /** `ssm`: the value that SSM holds under the name that the parameter gives; no parameter file can set it. */
  readonly kind: 'parameter' | 'pseudo' | 'ssm';
  readonly list: boolean;
  readonly domain: Domain;
  /** Its value where a deployment gives none. */
  readonly usual?: string;
  /** Texts that belong to the domain if a template names them, although they are not listed in it. */
  acceptsNamed(text: string): boolean;
  /** What `Ref` gives for a text. */
  coerce(text: string): Resolved;
}

/** Pseudo parameters that follow from the region. */
const FOLLOW_REGION: Readonly<Record<string, (region: string) => string>> = {
  'AWS::Region': (region) => region,
  'AWS::Partition': (region) => partitionOf(region).partition,
  'AWS::URLSuffix': (region) => partitionOf(region).urlSuffix,
};

export interface Variables {
  get(name: string): Variable | undefined;
  /** Name of the variable that decides what `Ref` gives: `AWS::Region` for `AWS::Partition`. */
  deciding(reference: string): string | undefined;
  /** What `Ref` of a name gives where its variable has a text. */
  refer(reference: string, text: string): Resolved;
}

/** @param home The region that counts as the default one. */
export function variablesOf(template: Template, home: string): Variables {
  const bodies = new Map(entriesOf(template.Parameters));
  const made = new Map<string, Variable | undefined>();
  const get = (name: string): Variable | undefined => {
    if (!made.has(name)) made.set(name, makeVariable(name, bodies.get(name), home));
    return made.get(name);
  };
  return {
    get,
    deciding: (reference) => {
      if (bodies.has(reference)) return reference;
      if (Object.hasOwn(FOLLOW_REGION, reference)) return 'AWS::Region';
      return get(reference) ? reference : undefined;
    },
    refer: (reference, text) => {
      if (bodies.has(reference)) return get(reference)!.coerce(text);
      return FOLLOW_REGION[reference]?.(text) ?? text;
    },
  };
}

function makeVariable(name: string, body: ParameterBody | undefined, home: string): Variable | undefined {
  const never = (): boolean => false;
  if (body) {
    const { list, ssm } = parameterType(body);
    const usual = ssm ? undefined : defaultText(body);
    return {
      name,
      kind: ssm ? 'ssm' : 'parameter',
      list,
      domain: parameterDomain(name, body),
      ...(usual === undefined ? {} : { usual }),
      acceptsNamed: never,
      coerce: (text) => coerceParameter(body, text),
    };
  }
  const pseudo = { name, kind: 'pseudo', list: false, acceptsNamed: never, coerce: (text: string) => text } as const;
  switch (name) {
    case 'AWS::Region': {
      const domain = finiteDomain([home, ...REGIONS]);
      return { ...pseudo, domain, usual: home, acceptsNamed: isRegionName };
    }
    case 'AWS::AccountId': {
      const usual = '111122223333';
      const digits = repeat(patternLanguage('[0-9]')!, 12, 12);
      return { ...pseudo, domain: textDomain(digits, undefined, [usual]), usual };
    }
    case 'AWS::StackName':
      return {
        ...pseudo,
        domain: textDomain(patternLanguage('[A-Za-z][-A-Za-z0-9]{0,127}'), undefined, ['stack']),
        usual: 'stack',
      };
    default:
      return undefined;
  }
}
