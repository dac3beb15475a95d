export { attention_view, cross_attention_view, head_view, model_view } from './attention';
export { logits_view } from './logits';
export { View } from './view';
