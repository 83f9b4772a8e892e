import { en } from './en';
import { enPlan } from './en-plan';
import { enRelay } from './en-relay';

export const words = { ...en, ...enPlan, ...enRelay };
