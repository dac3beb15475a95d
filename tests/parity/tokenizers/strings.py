"""Tricky strings: what tokenizers disagree about. Deterministic."""

import random
import unicodedata

HAND = """
Hello, world!
 leading space
trailing space 
  two leading, two  inside, two trailing  
Don't you'll we've I'm they're he'd it's CAN'T WON'T 'S 'LL
e.g. i.e. U.S.A. 3.14159 1,000,000.00 $5.99 50% #1 @user user@example.com https://example.com/a?b=c&d=e#f
snake_case camelCase PascalCase kebab-case SCREAMING_SNAKE __dunder__ ALLCAPS lOwErUpPeR
def f(x):\\n    return x ** 2  # comment\\n\\n\\nclass A(B):\\n\\tpass
for (int i = 0; i < n; ++i) { a[i] += b[i] * c[i]; }
<html><body class="x">&amp; &lt;tag&gt;</body></html>
{"key": [1, 2.5e-10, null, true], "nested": {"a": "\\\\u00e9"}}
SELECT * FROM t WHERE a <> 'b' -- comment
\\t\\ttabs\\tinside\\t
\\n
\\n\\n
\\r\\n
a\\rb\\r\\nc\\n\\rd
a\\n b\\n  c\\n   d
\\n leading newline
trailing newline\\n
a\\x0bb\\x0cc\\x1cd\\x1de\\x1ef\\x1fg
a\\x85b\\u2028c\\u2029d
a\\u00a0b\\u1680c\\u2000d\\u2003e\\u2009f\\u200af\\u202fg\\u205fh\\u3000i
a\\u200bb\\u200cc\\u200dd\\u2060e\\ufefff
\\ufeffstarts with a byte order mark
\\ufeff
 \\ufeff x\\ufeff y
null\\x00byte \\x01\\x02\\x7f\\x80\\x9f control
replacement \\ufffd character \\ufffe \\uffff
soft\\u00adhyphen non\\u2011breaking hyphen – en — em ― bar
“quotes” ‘single’ «guillemets» „low“ ‚x‘ ‹y›
ellipsis… bullet• dagger† ‡ per‰ prime′ ″ fraction⁄ ½ ¼ ¾ ⅓
superscript x² y³ z¹ n⁴ subscript H₂O
ﬁ ﬂ ﬀ ﬃ ligatures ĳ ŉ ǆ ǅ ǳ
ＡＢＣ ａｂｃ １２３ ！？ fullwidth ｱｲｳ halfwidth
① ② ⓐ Ⓑ ㈱ ㎏ ㎡ ㍻ ℃ № ™ ℠ Å Ω K
Ⅷ ⅷ Ⅻ roman 𝐀𝐁𝐂 𝑎𝑏𝑐 𝟏𝟐𝟑 𝔸 ℝ math
café cafe\\u0301 naïve nai\\u0308ve Zürich Zu\\u0308rich
e\\u0301\\u0327 e\\u0327\\u0301 o\\u0302\\u0301 a\\u030a\\u0301 q\\u0307\\u0323 q\\u0323\\u0307
\\u0301 alone combining \\u0301\\u0302\\u0303
Z̸̢̧̛̫̰̭͓a̶̧̨̛l̴̡̛g̵̢̛o̷̧̨
ÀÉÎÕÜ àéîõü ÇÑ çñ ŠŽ šž ŁØÆŒÐÞ łøæœðþ ß ẞ ſ
İstanbul ıI iİ Iı ǅ ŉ ὈΔΥΣΣΕΎΣ ΟΔΟΣ ΣΑΣ σας Σ
Привет, мир! Ёжик ёлка Їжак
Γειά σου Κόσμε ΆΈΉΊΌΎΏ ΐ ΰ
שָׁלוֹם עולם
مرحبا بالعالم \\u0645\\u0631\\u062d\\u0628\\u064b\\u0627 ١٢٣ ۱۲۳ لا ﷺ ﷲ
שלום abc 123 עברית mixed العربية text
नमस्ते दुनिया क्षत्रिय श्री १२३
வணக்கம் உலகம் க்ஷ
สวัสดีชาวโลก ำ น้ำ ๑๒๓
ສະບາຍດີ ຳ ខ្មែរ មង្គល
မြန်မာ བོད་ཡིག སྐད
გამარჯობა Ა მსოფლიო ᲐᲑ
Բարեւ աշխարհ և Եւ
ሰላም ለዓለም
안녕하세요 세계 \\u1112\\u1161\\u11ab\\u1100\\u1173\\u11af ㄱㄴㄷ 각
你好，世界！今天天气怎么样？
中文English混合123文本
日本語のテキスト、カタカナとひらがな。ガギグ カ\\u3099 ﾊﾞ
㐀㐁 䶵 \\U00020000\\U00020001 \\U0002a6d6 \\U0002a700 \\U0002b740 \\U0002b820 \\U0002b920 \\U0002ceb0 \\U0002f800 \\U0003134a
豈 更 車 﨎 塚 compat ideographs
〇〡〢〣 々 〆 〱 ・ ー ゛ ゜ 、 。 「」『』【】
Tiếng Việt: Nguyễn Phước Thịnh ỡ ữ ặ
Ünïcödé spëcîål çhäräctérs
😀 😃😄😁 🙂
👍🏽 👍🏿 ✌️ ☝🏻 ❤️ ❤ ☺️
👨‍👩‍👧‍👦 👩‍💻 🏳️‍🌈 🏴‍☠️ 🧑🏽‍🤝‍🧑🏻
🇩🇪🇺🇸🇯🇵 🇦 flags 🏴\\U000e0067\\U000e0062\\U000e0065\\U000e006e\\U000e0067\\U000e007f
1️⃣ #️⃣ *️⃣ ©️ ®️ ™️
☃ ☔ ♥ ♦ ♣ ♠ ★ ☆ ✓ ✗ → ← ↑ ↓ ⇒ ∀ ∃ ∈ ∑ ∫ √ ∞ ≠ ≤ ≥
─│┌┐└┘├┤ █▓▒░ ▲△▼▽
𝒳 𓀀 𐍈 𐤀 𒀀 🜀 🀄 🂡
\\U0010ffff \\U000f0000 \\ue000 private use
¡Hola! ¿Qué tal? señor
numbers 0 00 007 12 123 1234 12345 123456 1234567890 3.14 1e10 0x1F 1_000
٣.١٤ ௧௨௩ ೧೨೩ Ⅳ ⑩ ½
a1b2c3 4d5e6f x1y2z3 A1 B22 C333
!!! ??? ... ,,, ;;; ::: --- ___ *** ### $$$ %%% ^^^ &&& ((( )))
!@#$%^&*()_+-=[]{}|;':",./<>?`~\\\\
a-b a_b a.b a,b a;b a:b a/b a\\\\b a|b a'b a"b
hello\\tworld\\nfoo\\r\\nbar   baz
word.Word word,Word word;Word
I 'm he 's can not do n't we 've they 're . , ! ?
do not do n't  ' quoted ' text
<s> </s> <unk> <pad> <mask>
[CLS] [SEP] [PAD] [MASK] [UNK] [cls] [mask]
 [MASK] inside  [MASK]  text[MASK]glued
 <mask> inside  <mask>  text<mask>glued
<|endoftext|> <|im_start|> <|im_end|> <|startoftext|>
text<|endoftext|>text <|endoftext|> <|endoftext|><|endoftext|>
<|im_start|>user\\nhi<|im_end|>\\n<|im_start|>assistant\\n
<|ENDOFTEXT|> <|endoftext |> <| endoftext|> <|endoftext
<extra_id_0> <extra_id_99> <extra_id_100> a<extra_id_1>b
<0x0A> <0xE4> <0x41> ▁ ▁▁ ▁a a▁b
▁leading mark   and spaces▁
Ġ Ċ ĉ Â â Ä ļ byte alphabet letters
</w> a</w> ##ing ##a a##b
<s>Hello</s>World <s> Hello </s> World
café</s>naïve
x<unk>y
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
abababababababababababababab
                                (32 spaces)
....................
----------------------------------------
hahahahahahahahahaha lololololol
supercalifragilisticexpialidocious antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis
Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
The quick brown fox jumps over the lazy dog.
THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG.
tHe QuIcK bRoWn FoX
Lorem ipsum dolor sit amet, consectetur adipiscing elit.
x
é
世
😀
 
  
   
a 
 a
a  b
a   b
a    b
a\\u00a0\\u00a0b
a \\u00a0 b
\\u3000全角　スペース\\u3000
\\t
\\t \\t
\\u200b
\\u200d
\\u0300
\\u0345\\u0334x
\\u1100\\u1161\\u11a8\\u11a8
\\u0f71\\u0f72\\u0f74
\\u0958\\u0929 \\u0928\\u093c \\u0915\\u093c
\\u09c7\\u09be \\u0bc6\\u0bbe \\u0cca \\u0d4a \\u0dda
\\u2126 \\u212b \\u212a \\u00c5 \\u03a9
\\ufb1d \\ufb2a \\u05e9\\u05c1 \\ufdfa \\ufefb
\\U0001d15e \\U0001d1c0 \\U0001d400
\\u1e9b\\u0323 \\u0344 \\u0340\\u0341\\u0343
\\u0149 \\u01f0 \\u0390 \\u1e96
\\u00b5 \\u03bc \\u00aa \\u00ba
\\u3131\\u3163 \\uffa1 \\u3164
\\u309b \\u309c \\u3099a か\\u3099
\\U0001f468\\u200d\\U0001f469
tweet: @someone check http://t.co/AbC123 #hashtag RT 😂😂😂 lol!!!1
Dr. Smith's 3rd-floor office (Rm. #301-B) opens @ 9:30AM—5:00PM, Mon–Fri.
2024-01-15T10:30:00Z +1 (555) 123-4567 192.168.0.1 ::1 fe80::1%eth0
C:\\\\Users\\\\name\\\\file.txt /usr/local/bin/python3.11 ~/.bashrc ../../x
a=1;b=2;c=a+b;print(f"{c!r:>10}")
\\\\begin{equation} E = mc^2 \\\\end{equation} $\\\\alpha_{i}^{2}$
| a | b |\\n|---|---|\\n| 1 | 2 |
1. First\\n2. Second\\n   - nested\\n\\n> quote\\n\\n```python\\nprint("hi")\\n```
""".strip("\n").split("\n")


def _unescape(text):
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape") if "\\" in text else text


def make_strings():
    strings = [""] + [_unescape(line) for line in HAND]
    rng = random.Random(20260101)
    ascii_chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,!?'\"-_()\n\t"
    mixed = ascii_chars + "éèüñçßøåΣσςПриветשלוםمرحبا你好世界日本語한국어😀👍🏽\u200d\u0301\u0327\u00a0\u3000ﬁ①½"
    for _ in range(60):
        strings.append("".join(rng.choice(ascii_chars) for _ in range(rng.randint(1, 40))))
    for _ in range(60):
        strings.append("".join(rng.choice(mixed) for _ in range(rng.randint(1, 30))))

    def any_char(low, high):
        while True:
            code = rng.randint(low, high)
            if not 0xD800 <= code <= 0xDFFF and unicodedata.category(chr(code)) != "Cn":
                return chr(code)

    for _ in range(50):  # assigned characters of the basic plane
        strings.append("".join(any_char(0x20, 0xFFFF) for _ in range(rng.randint(1, 16))))
    for _ in range(25):  # assigned characters beyond it
        strings.append("".join(any_char(0x10000, 0x1FFFF) for _ in range(rng.randint(1, 10))))
    marks = [chr(c) for c in range(0x300, 0x370)]
    for _ in range(20):  # letters with stacks of marks in any order
        strings.append(
            "".join(rng.choice("aeiouqzÅéﬁ") + "".join(rng.choice(marks) for _ in range(rng.randint(0, 4))) for _ in range(4))
        )
    words = "the of and to in is a that for it as was with be by on not he his but at are this have from Paris 42".split()
    for _ in range(20):
        strings.append(" ".join(rng.choice(words) for _ in range(rng.randint(2, 14))) + rng.choice(".!?"))
    return strings


if __name__ == "__main__":
    print(len(make_strings()))
