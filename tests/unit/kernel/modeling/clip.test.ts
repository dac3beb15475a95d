import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setHost } from '../../../../kernel/host/host';
import { createNodeHost } from '../../../../kernel/host/node';
import { AutoModel } from '../../../../kernel/modeling/auto';
import { CLIPModel } from '../../../../kernel/modeling/clip';
import { Tensor } from '../../../../kernel/tensor/tensor';

const fixtures = join(__dirname, '../../../parity/fixtures/clip');

describe('CLIPModel', () => {
  it.each(readdirSync(fixtures))(
    'get_text_features() and get_image_features() give what forward() projects: %s',
    async variant => {
      setHost(createNodeHost());
      const folder = join(fixtures, variant);
      const model = (await AutoModel.from_pretrained(folder)) as CLIPModel;
      expect(model).toBeInstanceOf(CLIPModel);
      const { vision_config } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
        vision_config: { image_size: number };
      };
      const side = vision_config.image_size;
      const pixels = Float32Array.from({ length: 3 * side * side }, (_, i) => Math.sin(i));
      const pixel_values = new Tensor('float32', pixels, [1, 3, side, side]);
      const input_ids = [
        [3, 5, 7, 2],
        [4, 6, 2, 2]
      ];
      const both = await model({ input_ids, pixel_values });
      const text = await model.get_text_features({ input_ids, output_attentions: true });
      const image = await model.get_image_features({ pixel_values, output_hidden_states: true });
      expect(Array.from(text.pooler_output.data)).toEqual(Array.from(both.text_model_output.pooler_output.data));
      expect(Array.from(image.pooler_output.data)).toEqual(Array.from(both.vision_model_output.pooler_output.data));
      expect(text.keys()).toEqual(['last_hidden_state', 'pooler_output', 'attentions']);
      expect(image.keys()).toEqual(['last_hidden_state', 'pooler_output', 'hidden_states']);
      // The embeddings of forward() are the same brought to length 1; those are compared with Python in tests/parity.
      const [first] = both.image_embeds.tolist() as number[][];
      const [raw] = image.pooler_output.tolist() as number[][];
      const length = Math.hypot(...raw!);
      raw!.forEach((v, i) => expect(v / length).toBeCloseTo(first![i]!, 5));
      await model.dispose();
    }
  );
});
