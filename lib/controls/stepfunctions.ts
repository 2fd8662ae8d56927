import { type Controls, on } from './control.ts';

export const stepfunctions: Controls = {
  'StepFunctions.1': on('AWS::StepFunctions::StateMachine', (machine) =>
    machine.at('LoggingConfiguration', 'Level').is('ALL', 'ERROR', 'FATAL'),
  ),
};
