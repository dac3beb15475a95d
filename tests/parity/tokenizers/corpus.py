"""A small text to train the fixture tokenizers on: prose in many scripts, and code. Written for this purpose."""

SENTENCES = """
The quick brown fox jumps over the lazy dog, and then it runs away from the house.
It was the best of times, and it was not the worst of times; people said that they would have been there.
Language models read text as tokens: pieces of words, whole words, numbers and punctuation marks.
He's sure that they're going to say we've seen it all, but I'm not, and she'll agree that we'd better wait.
In the beginning there was the word, and the word was with the people of the city, one of many.
Don't you think that the weather in Paris, London and New York is nothing like the weather in Tokyo?
Numbers like 1, 2, 10, 42, 100, 365, 1000, 2024 and 3.14159 are cut in many different ways.
She sells sea shells on the sea shore; the shells that she sells are sea shells for sure.
Machine learning, attention heads, residual streams, embeddings, layers, weights, gradients and losses.
Hello world! Hello there, how are you doing today? I am fine, thank you very much. Goodbye!
El veloz murciélago hindú comía feliz cardillo y kiwi; la cigüeña tocaba el saxofón en España.
Voix ambiguë d'un cœur qui, au zéphyr, préfère les jattes de kiwis. Où êtes-vous allés, déjà, à Noël?
Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. Die Straße ist schön und größer.
Příliš žluťoučký kůň úpěl ďábelské ódy. Łódź, żółć, gęś, jaźń. Çok güzel bir gün, değil mi? İstanbul.
Съешь же ещё этих мягких французских булок, да выпей чаю. Привет, мир! Как дела, друзья?
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Γειά σου Κόσμε, τι κάνεις σήμερα;
שלום עולם, מה שלומך היום? דג סקרן שט בים מאוכזב ולפתע מצא חברה.
مرحبا بالعالم، كيف حالك اليوم؟ نص حكيم له سر قاطع وذو شأن عظيم.
नमस्ते दुनिया, आप कैसे हैं? ऋषियों को सताने वाले दुष्ट राक्षसों के राजा.
你好，世界！今天天气怎么样？我们一起去公园散步吧。中文分词是一个有趣的问题。
日本語のテキストです。カタカナとひらがなと漢字があります。いろはにほへと、ちりぬるを。
안녕하세요 세계! 오늘 날씨가 어때요? 한국어 문장을 토큰으로 나눕니다.
สวัสดีชาวโลก วันนี้อากาศเป็นอย่างไรบ้าง
Tiếng Việt có dấu: Nguyễn, Phước, Thịnh, những, được, người, không.
Emoji are fun 😀 😃 👍 ❤️ 🎉 and families 👨‍👩‍👧 too; flags 🇩🇪 🇺🇸 🇯🇵.
""".strip().split("\n")

CODE = """
def add(a, b):
    return a + b

class Point:
    def __init__(self, x=0, y=0):
        self.x = x
        self.y = y

    def norm(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5

for i in range(10):
    if i % 2 == 0:
        print(f"even: {i}")
    else:
        print("odd", i)

function main(args) {
  const items = args.map(item => item.value);
  return items.filter(x => x !== null && x > 0).length;
}

import numpy as np
import os, sys
x = np.array([1, 2, 3], dtype=np.float32)
try:
    with open('file.txt') as f:
        data = f.read()
except FileNotFoundError as e:
    raise ValueError("not found") from e

SELECT name, count(*) FROM users WHERE age > 18 GROUP BY name;
<div class="main"><p>Hello</p></div>
{"name": "value", "list": [1, 2, 3], "nested": {"key": true}}
""".strip().split("\n")


def lines():
    return SENTENCES * 3 + [line.lower() for line in SENTENCES] + CODE * 2
