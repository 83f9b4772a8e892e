import { ja } from './ja';
import { jaPlan } from './ja-plan';
import { jaRelay } from './ja-relay';

export const words = { ...ja, ...jaPlan, ...jaRelay };
