/** Model classes written by hand, in place of the generated ones of the same name. */
import { provideClass } from './classes';
import { CLIPModel } from './clip';
import { LlavaForConditionalGeneration } from './llava';
import { MQWenLMHeadModel, MQWenModel } from './mqwen';
import { QWenLMHeadModel, QWenModel } from './qwen';

provideClass('CLIPModel', CLIPModel);
provideClass('LlavaForConditionalGeneration', LlavaForConditionalGeneration);
provideClass('QWenModel', QWenModel);
provideClass('QWenLMHeadModel', QWenLMHeadModel);
provideClass('MQWenModel', MQWenModel);
provideClass('MQWenLMHeadModel', MQWenLMHeadModel);
